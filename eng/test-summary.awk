# Test results, VSTest (trx) or JUnit XML with one element a line, to one line a test: OUTCOME TAB NAME TAB REASON.
function attribute(name,   s) {
  if (!match($0, "[ ]" name "=\"[^\"]*\"")) return ""
  s = substr($0, RSTART, RLENGTH); sub(/^[^"]*"/, "", s); sub(/"$/, "", s); return text(s)
}
function text(s) {
  gsub(/&#1?[0-9A-Fa-fx]+;/, " ", s); gsub(/[\t\r]/, " ", s)
  gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&apos;/, "'", s); gsub(/&amp;/, "\\&", s)
  return s
}
function flush() { if (name != "") print outcome "\t" name "\t" reason; name = "" }

/<UnitTestResult / {
  flush(); name = attribute("testName"); outcome = attribute("outcome"); reason = ""
  outcome = outcome == "Passed" ? "passed" : outcome == "NotExecuted" ? "skipped" : "failed"
}
/<Message>/ && name != "" && reason == "" { reason = $0; sub(/.*<Message>/, "", reason); sub(/<\/Message>.*/, "", reason); reason = text(reason) }
/<\/Results>/ { flush() }

/<testcase / { flush(); name = attribute("classname") "." attribute("name"); outcome = "passed"; reason = "" }
/<(failure|error|skipped) / && name != "" { outcome = /<skipped / ? "skipped" : "failed"; reason = attribute("message") }
/<\/testsuite>/ { flush() }
END { flush() }
