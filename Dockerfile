# leadline as an image, for the CronJob of `kubernetes.snapshot` and for CI: docker build -t leadline .
FROM python:3.12-slim AS build
COPY . /src
RUN python -m venv /opt/leadline \
 && /opt/leadline/bin/pip install --no-cache-dir --require-hashes -r /src/requirements.txt \
 && /opt/leadline/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src

FROM python:3.12-slim
COPY --from=build /opt/leadline /opt/leadline
ENV PATH=/opt/leadline/bin:$PATH PYTHONUNBUFFERED=1
USER 65532:65532
ENTRYPOINT ["leadline"]
