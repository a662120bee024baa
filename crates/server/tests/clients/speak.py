"""Sends one event through the real clients of three protocols: elasticsearch's bulk helper, Splunk's
logging handler for HEC, and OpenTelemetry's log exporter. Arguments: the server's address, an API key
and the event, a JSON object in one line. Prints a line for each client that got through."""
import json, logging, sys
from importlib.metadata import version

base, key, line = sys.argv[1:4]


def elastic():
    from elasticsearch import Elasticsearch, helpers
    client = Elasticsearch(base + "/elastic", api_key=("shipper", key), http_compress=True)
    actions = [{"_op_type": "create", "_index": "winlogbeat-8.19.0", "_source": json.loads(line)}]
    good, errors = helpers.bulk(client, actions)
    assert (good, errors) == (1, []), errors
    try:
        helpers.bulk(client, [{"_op_type": "delete", "_index": "logs", "_id": "1"}])
    except helpers.BulkIndexError as error:
        assert error.errors[0]["delete"]["status"] == 400, error.errors
    else:
        raise AssertionError("a delete must be refused")
    print("elasticsearch", version("elasticsearch"))


def splunk():
    from splunk_handler import SplunkHandler
    handler = SplunkHandler(host="unused", port=0, token=key, index="main", sourcetype="sysmon",
                            url=base + "/services/collector/event", flush_interval=0, verify=False)
    logger = logging.getLogger("to-splunk")
    logger.propagate = False
    logger.addHandler(handler)
    logger.warning(line)
    handler.force_flush()
    handler.close()
    print("splunk-handler", version("splunk-handler"))


def otlp():
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    exporter = OTLPLogExporter(endpoint=base + "/v1/logs", compression=Compression.Gzip,
                               headers={"Authorization": "Bearer " + key})
    provider = LoggerProvider(resource=Resource.create({"service.name": "agent"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    record = LogRecord(body=json.loads(line), severity_number=SeverityNumber.INFO)
    provider.get_logger("tests").emit(record)
    assert provider.force_flush()
    provider.shutdown()
    print("opentelemetry-exporter-otlp-proto-http", version("opentelemetry-exporter-otlp-proto-http"))


for client in (elastic, splunk, otlp):
    client()
