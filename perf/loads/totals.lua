-- Has wrk print what it rounds: requests, bytes and failures.
function done(summary)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("totals %d %d %d\n", summary.requests, summary.bytes, failed))
end
