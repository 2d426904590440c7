"""The API's own description: up to date, complete, readable, and kept to."""

import json
import re
import subprocess
import sys

import pytest
import schemathesis
from html_checks import Page
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import ValidationError
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from serving import serving

from diffmst.daw.formats import FORMAT_NAMES, VARIANT_NAMES, format_named
from diffmst.layout import LAYOUTS
from diffmst.mix_parts import RenderSettings
from diffmst.web.documentation import grouped
from diffmst.web.jobs import Runner
from diffmst.web.openapi import PLACE, description
from diffmst.web.routes.about import FORMATS

API = json.loads(description())
OPERATIONS = [(path, method, one) for path, item in API["paths"].items() for method, one in item.items()]


def test_the_file_that_the_pages_types_are_made_from_is_up_to_date():
    assert PLACE.read_text(encoding="utf-8") == description(), "run `make page`"


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag():
    names = [one["operationId"] for _, _, one in OPERATIONS]
    assert len(set(names)) == len(names) and all(re.fullmatch("[a-z_]+", name) for name in names)
    assert all(one["summary"] and one["tags"] for _, _, one in OPERATIONS)


def test_every_operation_tells_its_errors():
    assert all("4XX" in one["responses"] for _, _, one in OPERATIONS)


def test_the_page_lists_every_operation(client):
    answer = client.get("/api/docs")
    page = Page(answer.text.replace("<!doctype html>", ""))
    assert sum(map(len, grouped(API).values())) == len(OPERATIONS)
    for path, _, one in OPERATIONS:
        assert path in page.text and f'id="{one["operationId"]}"' in answer.text


def test_the_page_loads_and_runs_nothing(client):
    answer = client.get("/api/docs")
    assert not re.findall(r"<(?:script|link|img|iframe)|\son\w+=|style=", answer.text)
    assert not re.findall(r"(?:src|href)=\"(?!/api/|#)", answer.text)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy


def test_formats_are_those_that_there_are():
    assert {one.name: one.title for one in FORMATS} == {
        name: format_named(name).title for name in (*FORMAT_NAMES, *VARIANT_NAMES)
    }


def test_the_console_is_declared_as_it_is(client):
    told = {one["name"]: one["sections"] for one in client.get("/api/effects").json()}
    for layout in LAYOUTS.values():
        for name, section in layout.sections():
            params = [param for effect in told[layout.name][name] for param in effect["params"]]
            assert [param["name"] for param in params] == list(section.params)
            for param, declared in zip(params, section.params.values(), strict=True):
                kept = ("unit", "low", "high", "default", "scale", "about")
                assert {key: param[key] for key in kept} == {key: getattr(declared, key) for key in kept}


def test_the_server_tells_what_it_takes_and_can_do(client, limits):
    told = client.get("/api/about").json()
    assert told["limits"]["max_file_bytes"] == limits.max_file_bytes and ".wav" in told["limits"]["extensions"]
    assert {role["name"] for role in told["roles"]} >= {"kick", "lead", "bass"}
    assert all(role["label"] and role["family"] for role in told["roles"])
    families = [role["family"] for role in told["roles"]]
    assert families == sorted(families, key=families.index)  # each beside its like
    assert told["model"]["name"] == "style-transfer"


def test_what_is_declared_of_the_delivery_is_what_documents_may_say(client):
    declared = {one["name"].removeprefix("render."): one for one in client.get("/api/about").json()["delivery"]}
    assert sorted(declared) == ["ceiling_dbtp", "loudness_lufs", "tail_s"]
    for name, told in declared.items():
        assert told["low"] <= told["default"] <= told["high"]
        for value in (told["low"], told["high"]):
            assert getattr(RenderSettings(**{name: value}), name) == value
        for value in (told["low"] - 0.1, told["high"] + 0.1):
            with pytest.raises(ValidationError):
                RenderSettings(**{name: value})
    assert declared["ceiling_dbtp"]["default"] == RenderSettings().ceiling_dbtp
    assert [declared[name]["unit"] for name in sorted(declared)] == ["dBTP", "LUFS", "s"]


def test_the_server_loads_nothing_heavy():
    check = "import sys, diffmst.web.app; print({'torch', 'numba', 'scipy', 'av'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", check], text=True) == "set()\n"


EXAMPLES = settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.large_base_example],
)


class Waiting(Runner):
    """Takes jobs, and never does any."""

    def start(self):
        pass


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """What schemathesis makes of the description that a server gives, and a session of that server."""
    with serving(tmp_path_factory.mktemp("sessions"), static=None, runner=Waiting) as served:
        yield schemathesis.openapi.from_url(f"{served.url}/api/openapi.json"), served.new_session()


TRIED = [
    (path, method, mode)
    for path, method, one in OPERATIONS
    for mode in GenerationMode
    if one["operationId"] != "watch"  # which never ends
    and (mode == GenerationMode.POSITIVE or "parameters" in one or "requestBody" in one)  # else nothing can be wrong
]


@pytest.mark.parametrize(("path", "method", "mode"), TRIED)
def test_the_server_does_what_its_description_says(api, path, method, mode):
    """What a schema cannot say, such as which files a document may name, is refused though the schema allows it."""
    schema, session_id = api

    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @EXAMPLES
    def tried(case):
        if "session_id" in path and method != "delete":
            case.path_parameters["session_id"] = session_id
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    tried()
