-- Sends prepared requests, one after the other, and prints what came of it as JSON. See load.py.
local requests, numbered = {}, {}
local sent, nth = tonumber(os.getenv("FIRST")), 0

function init()
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
    numbered[#requests] = requests[#requests]:find("@@@@@@@@", 1, true) ~= nil
  end
  file:close()
end

function request()
  nth = nth % #requests + 1
  if not numbered[nth] then return requests[nth] end
  sent = sent + 1
  return (requests[nth]:gsub("@@@@@@@@", string.format("%08d", sent)))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"failures":%d,"seconds":%f,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
