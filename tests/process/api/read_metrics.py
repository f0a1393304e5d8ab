"""read_metrics.py FILE: Prometheus's parser reads what /metrics said; prints what isn't as it has to be, and exits 1 then."""
import sys

from prometheus_client.parser import text_string_to_metric_families

text = open(sys.argv[1], encoding="utf-8").read()
families = {family.name: family for family in text_string_to_metric_families(text)}
wrong = []
for name in ("vedette_info", "vedette_camera_fps", "vedette_camera_mode", "vedette_stage_up", "vedette_gateway_viewers",
             "vedette_topic_published", "vedette_process_cpu_seconds", "vedette_gateway_http_requests", "vedette_gateway_unauthorized"):
    if name not in families:
        wrong.append(f"{name}: missing")
seen = set()
for family in families.values():
    if not family.documentation:
        wrong.append(f"{family.name}: no help")
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        if key in seen:
            wrong.append(f"{key}: twice")
        seen.add(key)
        if family.type == "counter" and not sample.name.endswith("_total"):
            wrong.append(f"{sample.name}: a counter's name ends with _total")
latency = families.get("vedette_gateway_http_request_seconds")
if latency is None or latency.type != "histogram":
    wrong.append("vedette_gateway_http_request_seconds: no histogram")
else:
    for route in {sample.labels["route"] for sample in latency.samples}:
        buckets = [s.value for s in latency.samples if s.name.endswith("_bucket") and s.labels["route"] == route]
        count = [s.value for s in latency.samples if s.name.endswith("_count") and s.labels["route"] == route]
        if buckets != sorted(buckets) or buckets[-1:] != count:
            wrong.append(f"{route}: buckets {buckets}, count {count}")
print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
