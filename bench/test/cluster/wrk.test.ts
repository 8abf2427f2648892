import { expect, test } from 'vitest'
import { parseWrk } from '../../src/cluster/wrk.js'

const SAID = `Running 2s test @ http://127.0.0.1:8001
  2 threads and 256 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    12.01ms    4.50ms  91.40ms   93.33%
    Req/Sec    10.83k     1.50k   13.90k    72.50%
  Latency Distribution
     50%   11.31ms
     75%   12.93ms
     90%   15.10ms
     99%    1.02s 
  43210 requests in 2.00s, 9.11MB read
Requests/sec:  21534.61
Transfer/sec:      4.54MB
`

test('what wrk says is read, in whatever unit', () => {
  expect(parseWrk(SAID)).toEqual({ rate: 21534.61, median: 11.31, p99: 1020 })
  expect(parseWrk(SAID.replace('11.31ms', '950.00us')).median).toBeCloseTo(0.95)
})

test('answers that are errors are no measurement', () => {
  expect(() => parseWrk(SAID.replace('Requests/sec', '  Non-2xx or 3xx responses: 17\nRequests/sec'))).toThrow(
    'Non-2xx or 3xx responses: 17',
  )
  expect(() => parseWrk(SAID.replace('Requests/sec', '  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec'))).toThrow(
    'read 3',
  )
})

test('what is not understood is said', () => {
  expect(() => parseWrk('unable to connect')).toThrow('unable to connect')
})
