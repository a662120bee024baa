"""Reports alerts through the real clients: thehive4py (API v1), elastalert2's TheHive alerter (v0), and
elastalert2's DFIR-IRIS alerter. Arguments: the server's address, an API key and the clients. Prints a line for each
client that got through."""
import sys
from importlib.metadata import version

base, key = sys.argv[1:3]


def thehive():
    from thehive4py import TheHiveApi
    from thehive4py.errors import TheHiveError
    client = TheHiveApi(url=base + "/thehive", apikey=key)
    alert = {"type": "external", "source": "thehive4py", "sourceRef": "1", "title": "LSASS read", "description": "D",
             "severity": 3, "tags": ["T1003.001"], "observables": [{"dataType": "hostname", "data": "ws01"}]}
    made = client.alert.create(alert)
    assert client.alert.get(made["_id"])["title"] == "LSASS read"
    try:
        client.alert.create(alert)
    except TheHiveError as error:
        assert "CreateError" in str(error), error
    else:
        raise AssertionError("the same alert twice must be refused")
    print("thehive4py", version("thehive4py"))


def elastalert():
    from elastalert.alerters.iris import IrisAlerter
    from elastalert.alerters.thehive import HiveAlerter
    match = {"@timestamp": "2026-11-24T03:00:00Z", "host": "ws02", "ip": "192.0.2.7"}
    common = {"name": "Beacon", "index": "logs", "type": "any", "alert_text_type": "alert_text_only", "alert_text": "D",
              "alert_subject": "Beacon", "timestamp_field": "@timestamp"}
    host, port = base.rsplit(":", 1)
    HiveAlerter({**common, "hive_connection": {"hive_host": host, "hive_port": port, "hive_apikey": key},
                 "hive_alert_config": {"type": "external", "source": "elastalert", "severity": 2},
                 "hive_observable_data_mapping": [{"ip": "ip"}, {"hostname": "host"}]}).alert([match])
    iris = IrisAlerter({**common, "iris_host": "unused", "iris_api_token": key, "iris_customer_id": 1,
                        "iris_alert_severity_id": 5, "iris_iocs": [{"ioc_value": "ip", "ioc_type_id": 79}]})
    # It speaks https alone, and the tests' server is bare.
    iris.url = base + "/iris"
    iris.alert([match])
    print("elastalert2", version("elastalert2"))


for client in sys.argv[3:]:
    {"thehive4py": thehive, "elastalert2": elastalert}[client]()
