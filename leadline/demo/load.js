// The quick test of threads-agent: up to a fifth of the users, up to all of them, down to none. POST /task.
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

const users = Number(__ENV.VUS);
const seconds = Number(__ENV.SECONDS);

// The service rejects some requests with 429 before it records them: only what it recorded can be compared.
const recorded = new Counter('recorded_requests');
const recordedDuration = new Trend('recorded_duration', true);
const serverErrors = new Counter('server_errors');
const rateLimited = new Counter('rate_limited');

export const options = {
  stages: [
    { duration: `${Math.round(seconds / 6 * 1000)}ms`, target: Math.max(1, Math.round(users / 5)) },
    { duration: `${Math.round(seconds / 2 * 1000)}ms`, target: users },
    { duration: `${Math.round(seconds / 3 * 1000)}ms`, target: 0 },
  ],
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'],
};

export function setup() {
  return { started: Date.now() };
}

export default function () {
  const body = JSON.stringify({ persona_id: `persona-${__VU}`, task_type: 'create_post' });
  const response = http.post(`${__ENV.TARGET}/task`, body, { headers: { 'Content-Type': 'application/json' } });
  if (response.status === 429) {
    rateLimited.add(1);
    return;
  }
  recorded.add(1);
  recordedDuration.add(response.timings.duration);
  serverErrors.add(response.status >= 500 ? 1 : 0);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data, null, 2) };
}
