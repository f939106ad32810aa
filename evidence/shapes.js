// One scenario a shape, each at a constant arrival rate; a trend and a counter for each.
import http from 'k6/http';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';

const shapes = __ENV.SHAPES.split(',');
const seconds = Number(__ENV.SECONDS);
const trends = {};
const failures = {};
const scenarios = {};
for (const shape of shapes) {
  const name = shape.replaceAll('-', '_');
  trends[shape] = new Trend(`duration_${name}`, true);
  failures[shape] = new Counter(`failures_${name}`);
  scenarios[name] = {
    executor: 'constant-arrival-rate', rate: Number(__ENV.RATE), timeUnit: '1s', duration: `${seconds}s`,
    preAllocatedVUs: shape === 'llm' ? 250 : 60, gracefulStop: '30s', env: { SHAPE: shape },
  };
}

export const options = { scenarios, summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'] };

export function setup() {
  return { started: Date.now() };
}

export default function () {
  const response = http.get(`${__ENV.TARGET}/${__ENV.SHAPE}`);
  trends[__ENV.SHAPE].add(response.timings.duration);
  if (response.status !== 200) failures[__ENV.SHAPE].add(1);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}
