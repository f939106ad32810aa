// So many requests a second, however slowly they are answered, until it is stopped. POST /task.
import http from 'k6/http';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE),
      duration: '24h',
      preAllocatedVUs: 2 * Number(__ENV.RATE),
      maxVUs: 4 * Number(__ENV.RATE),
    },
  },
};

export default function () {
  const body = JSON.stringify({ persona_id: `persona-${__VU}`, task_type: 'create_post' });
  http.post(`${__ENV.TARGET}/task`, body, { headers: { 'Content-Type': 'application/json' } });
}
