-- Load for wrk: every POST is another person at another company.
-- Arguments: the path, a number that differs from run to run, and more of the body.

local path, run, more = "/", "0", ""
local count = 0
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }

function init(args)
  path, run, more = args[1], args[2], args[3] or ""
end

function request()
  count = count + 1
  local who = run .. "x" .. count
  local body = "full_name=Ann+Lee+" .. who
    .. "&email=ann.lee%40clinic-" .. who .. ".example"
    .. "&company=Clinic+" .. who
    .. "&job_title=Head+of+IT&industry=Healthcare&company_size=101-500&country=US"
    .. "&phone=%2B1+212+" .. (2000000 + 1000000 * run + count)
    .. more:gsub("WHO", who)
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency)
  local wrong = summary.errors
  io.write(string.format(
    '{"answers": %d, "refused": %d, "broken": %d, "microseconds": %d, "p50": %d, "p99": %d}\n',
    summary.requests, wrong.status, wrong.connect + wrong.read + wrong.write + wrong.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
