-- For wrk: calls in turn over some sessions. Every response has to have status 200 and the text of a request that waits
-- for it. arguments: a file with the bearer token and then the sessions' ids, a line each

local sessions = {}
local token
local turn = 0
local waiting = {}

answered, wrong, example = 0, 0, ''

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  for line in io.lines(args[1]) do
    if token then sessions[#sessions + 1] = line else token = line end
  end
end

function request()
  turn = turn + 1
  local id = tostring(1000000 + turn)
  waiting[id] = true
  local headers = {
    ['Content-Type'] = 'application/json',
    ['Accept'] = 'application/json, text/event-stream',
    ['Authorization'] = 'Bearer ' .. token,
    ['MCP-Protocol-Version'] = '2025-11-25',
    ['Mcp-Session-Id'] = sessions[turn % #sessions + 1],
  }
  local body = '{"jsonrpc":"2.0","id":' .. id .. ',"method":"tools/call","params":{"name":"echo","arguments":{"text":"text ' .. id .. '"}}}'
  return wrk.format('POST', nil, headers, body)
end

function response(status, headers, body)
  local id = body:match('"id":(%d+)')
  local text = body:match('"text":"text (%d+)"')
  if status == 200 and id and id == text and waiting[id] then
    answered = answered + 1
    waiting[id] = nil
  else
    wrong = wrong + 1
    example = status .. ' ' .. body:sub(1, 200)
  end
end

function done(summary, latency)
  local thread = threads[1]
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  local line = '{"answered":%d,"wrong":%d,"broken":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f}'
  io.write('\nexample: ' .. thread:get('example'):gsub('%s', ' '))
  io.write('\nsummary: ' .. line:format(thread:get('answered'), thread:get('wrong'), broken, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3) .. '\n')
end
