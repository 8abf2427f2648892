import { VERSION } from '../version.js'

/** What `GET /` answers: what a member can be asked. */
export const OVERVIEW = `${JSON.stringify(
  {
    raft: VERSION,
    paths: {
      'GET /v1/status': 'what this member knows of itself and its cluster; ?digest',
      'GET /v1/kv/<key>': 'the value of a key; ?raw, ?consistency=linearizable|lease|local',
      'PUT /v1/kv/<key>': 'writes the body under the key; ?prevRevision=N',
      'DELETE /v1/kv/<key>': 'removes the key; ?prevRevision=N',
      'GET /v1/kv': 'keys in order; ?prefix, ?after, ?limit, ?consistency',
      'POST /v1/txn': 'a transaction: {"compare": […], "success": […], "failure": […]} as application/json',
      'GET /healthz': '200 while this member works',
      'GET /readyz': '200 while this member can serve',
      'GET /metrics': 'for Prometheus',
    },
  },
  null,
  2,
)}\n`
