"""What is to be known of a model file or of a training configuration before anyone uses it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from diffmst.errors import UserError
from diffmst.layout import LAYOUTS, Layout
from diffmst.models.architectures import ARCHITECTURES, build_model
from diffmst.models.card import figure_facts, model_facts, training_facts
from diffmst.models.checkpoint import read_record, record_of
from diffmst.models.record import ModelRecord, TrainingRecord
from diffmst.training.configuration import read_configuration

_MODEL_SUFFIX = ".safetensors"
_CONFIGURATION_SUFFIXES = (".yaml", ".yml")


class Description(NamedTuple):
    """What is to be known of a model.

    Attributes:
        facts: rows of a table.
        layout: of the console that it sets.
    """

    facts: dict[str, str]
    layout: Layout

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts.items())


def describe(name: Path | str) -> Description:
    """What a model file is and was trained on, or what a training configuration would train.

    Args:
        name: of a model file, or of a configuration: a YAML file or the name of a packaged one.

    Raises:
        UserError: there is no such file, or it is neither.
    """
    path = Path(name)
    if path.suffix == _MODEL_SUFFIX or (path.exists() and path.suffix not in _CONFIGURATION_SUFFIXES):
        return describe_model(path)
    return describe_configuration(name)


def describe_model(path: Path) -> Description:
    """What a model file is, what it was trained on and what it may be used for; raises UserError as `read_record`."""
    record = read_record(path)
    training = record.training
    sources = (f"{source.songs:,} songs of {source.name} ({source.licence})" for source in training.data)
    facts = {
        "file": f"{path}, {path.stat().st_size / 1e6:,.1f} MB",
        "data": ", ".join(sources) or "not recorded",
        "licence": training.licence,
    }
    return _described(record, facts | training_facts(training) | figure_facts(training))


def describe_configuration(name: Path | str) -> Description:
    """What a training configuration would train.

    Raises:
        UserError: there is no such configuration, or it names no model of ours.
    """
    network = _network(read_configuration(name), str(name))
    class_name = str(network.get("class_path")).rpartition(".")[2]
    architecture = next((key for key, value in ARCHITECTURES.items() if value.model.__name__ == class_name), class_name)
    config = (network.get("init_args") or {}).get("config") or {}
    model = build_model(architecture, config, str(name))
    return _described(record_of(model, TrainingRecord(licence="")), {"configuration": str(name)})


def _network(configuration: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The part of a configuration that says which network is trained: its class, and the arguments of that."""
    model = configuration.get("model")
    network = model.get("network") if isinstance(model, Mapping) else None
    if not isinstance(network, Mapping):
        raise UserError(f"{name}: names no network to train (model: network: class_path)")
    return network


def _described(record: ModelRecord, facts: dict[str, str]) -> Description:
    return Description(model_facts(record) | facts, LAYOUTS[record.config["layout"]])
