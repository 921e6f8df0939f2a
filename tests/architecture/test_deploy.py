"""What is in deploy/ agrees with the product: names of metrics and settings, ports, and rights."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from adapters.prometheus.metrics import Metrics
from bot.settings import Settings
from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"
REPLICAS = {"chatbot-1", "chatbot-2", "chatbot-3"}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.]+)?(@sha256:[0-9a-f]{64})?")
ADDED_BY_PROMETHEUS = {"le", "instance", "job"}
TOOLS_OF_POSTGRES = {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"}

Json = dict[str, Any]


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def services() -> dict[str, Json]:
    found: dict[str, Json] = read("compose.yaml")["services"]
    return found


def test_every_file_parses() -> None:
    files = [path for path in DEPLOY.rglob("*") if path.suffix in {".yml", ".yaml", ".json"}]
    assert len(files) >= 6
    for path in files:
        text = path.read_text("utf-8")
        assert json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


# --- rights --------------------------------------------------------------------------------------


def test_no_container_can_change_itself_or_gain_rights(services: dict[str, Json]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "/tmp" in service["tmpfs"], name
        assert not {"privileged", "cap_add", "pid", "network_mode"} & set(service), name
        assert "docker.sock" not in json.dumps(service), name


def test_none_runs_as_root(services: dict[str, Json]) -> None:
    """The bot's image says its user itself."""
    for name in set(services) - REPLICAS:
        assert int(services[name]["user"].partition(":")[0]) > 0, name
    assert all(services[name]["build"] == ".." for name in REPLICAS)


def test_what_is_bounded(services: dict[str, Json]) -> None:
    for name, service in services.items():
        assert {"mem_limit", "pids_limit", "restart", "logging"} <= set(service), name


def test_images_are_pinned_to_a_release(services: dict[str, Json]) -> None:
    images = {name: services[name]["image"] for name in set(services) - REPLICAS}
    assert {name: one for name, one in images.items() if not PINNED.fullmatch(one)} == {}


def test_only_this_machine_reaches_what_is_published(services: dict[str, Json]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_the_database_and_the_metrics_have_no_way_out(services: dict[str, Json]) -> None:
    assert read("compose.yaml")["networks"]["inside"]["internal"] is True
    for name in ("postgres", "prometheus"):
        assert services[name]["networks"] == ["inside"], name


def test_configuration_is_mounted_for_reading_and_exists(services: dict[str, Json]) -> None:
    for service in services.values():
        for volume in service["volumes"]:
            source, _, mode = volume.partition(":")
            if source.startswith("."):
                assert mode.endswith(":ro"), volume
                assert (DEPLOY / source).exists(), volume


# --- what fits together --------------------------------------------------------------------------


def test_each_waits_for_what_it_needs_to_be_healthy(services: dict[str, Json]) -> None:
    waits = {name: service.get("depends_on", {}) for name, service in services.items()}
    assert all(set(waits[name]) == {"postgres"} for name in REPLICAS)
    assert set(waits["balancer"]) == REPLICAS
    conditions = {one["condition"] for needs in waits.values() for one in needs.values()}
    assert conditions == {"service_healthy"}
    for name in {needed for needs in waits.values() for needed in needs} - REPLICAS:
        assert services[name]["healthcheck"]["test"][0] == "CMD", name


def test_every_replica_is_balanced_and_scraped(services: dict[str, Json]) -> None:
    assert {name for name in services if name.startswith("chatbot")} == REPLICAS
    config = (DEPLOY / "haproxy.cfg").read_text("utf-8")
    servers = re.findall(r"^ +server (\S+) (\S+)$", config, re.MULTILINE)
    environment = services["chatbot-1"]["environment"]
    assert set(servers) == {(name, f"{name}:{environment['PORT']}") for name in REPLICAS}
    jobs = {job["job_name"]: job for job in read("prometheus.yml")["scrape_configs"]}
    [targets] = (one["targets"] for one in jobs["chatbot"]["static_configs"])
    assert set(targets) == {f"{name}:{environment['METRICS_PORT']}" for name in REPLICAS}


def test_replicas_differ_in_nothing_but_their_volume(services: dict[str, Json]) -> None:
    volumes = [services[name]["volumes"] for name in sorted(REPLICAS)]
    assert volumes == [[f"{name}:/data"] for name in sorted(REPLICAS)]
    rest = [{**services[name], "volumes": None} for name in REPLICAS]
    assert rest[0] == rest[1] == rest[2]


def test_the_balancer_asks_for_readiness_and_forwards_what_platforms_send() -> None:
    from bot.lifecycle import WEBHOOKS

    config = (DEPLOY / "haproxy.cfg").read_text("utf-8")
    assert "http-check send meth GET uri /readyz" in config
    assert f"unless {{ path {' '.join(WEBHOOKS)} }}" in config


def test_a_stopping_replica_gets_the_time_that_its_answers_have(services: dict[str, Json]) -> None:
    grace = services["chatbot-1"]["stop_grace_period"]
    assert float(grace.removesuffix("s")) >= Settings.model_fields["drain_s"].default + 10


# --- names ---------------------------------------------------------------------------------------


def test_every_setting_of_the_bot_exists(services: dict[str, Json]) -> None:
    known = {name.upper() for name in Settings.model_fields}
    assert set(services["chatbot-1"]["environment"]) - known == set()
    assert "DATABASE_URL" in services["chatbot-1"]["environment"]


def test_every_setting_that_rules_and_pages_name_exists() -> None:
    known = {name.upper() for name in Settings.model_fields} | TOOLS_OF_POSTGRES
    known |= asked_of_the_operator()
    files = [DEPLOY / "rules.yml", DEPLOY / "haproxy.cfg", ROOT / "docs" / "deploy.md"]
    texts = [path.read_text("utf-8") for path in files]
    named = {word for text in texts for word in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)}
    assert named - known == set()


def asked_of_the_operator() -> set[str]:
    """What the compose file takes from deploy/.env."""
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    return set(re.findall(r"\$\{(\w+)", text))


def test_the_example_asks_for_what_the_compose_file_takes() -> None:
    example = (DEPLOY / "env.example").read_text("utf-8")
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE)) == asked_of_the_operator()


def expressions() -> list[str]:
    """Every query of the dashboard and of the rules."""
    panels = json.loads((DEPLOY / "grafana/dashboards/chatbot.json").read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [rule["expr"] for group in read("rules.yml")["groups"] for rule in group["rules"]]
    return [*asked, *rules]


def live_metrics() -> Metrics:
    """Of a bot that has done everything of which it tells only once it has been done."""
    metrics = Metrics()
    metrics.digest_sent(datetime.now(UTC))
    return metrics


def exported() -> tuple[set[str], set[str]]:
    """Names of series and of labels, as the bot tells them."""
    series, labels = set(), set()
    metrics = live_metrics()
    for family in metrics._registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        series |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    for metric in vars(metrics).values():
        labels |= set(getattr(metric, "_labelnames", ()))
    return series, labels


def test_every_metric_and_label_that_is_asked_for_is_exported() -> None:
    series, labels = exported()
    for expression in expressions():
        named = set(re.findall(r"\b(?:chatbot|process)_\w+", expression))
        assert named or "up{" in expression, expression
        assert named - series == set(), expression
        grouped = re.findall(r"by \(([^)]*)\)", expression)
        by = {label.strip() for group in grouped for label in group.split(",")}
        assert by - labels - ADDED_BY_PROMETHEUS == set(), expression


def test_every_metric_of_the_bot_is_on_the_dashboard_or_in_a_rule() -> None:
    asked = " ".join(expressions())
    families = {family.name for family in live_metrics()._registry.collect()}
    assert {name for name in families if name.startswith("chatbot_") and name not in asked} == set()


def test_what_every_replica_tells_of_the_one_inbox_is_never_summed() -> None:
    shared = ("chatbot_inbox_", "chatbot_breaker_state", "chatbot_digest_last")
    for expression in expressions():
        assert not re.search(rf"sum[^(]*\((?:{'|'.join(shared)})", expression), expression


def test_the_dashboard_uses_the_source_that_is_provisioned() -> None:
    [source] = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    dashboard = json.loads((DEPLOY / "grafana/dashboards/chatbot.json").read_text("utf-8"))
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
