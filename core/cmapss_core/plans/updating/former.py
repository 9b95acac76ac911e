"""What an update leaves unused, and which of it goes: what the console has made itself, and nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cmapss_core.belongings import (
    configs_in_use,
    is_ours,
    models_of,
    unless_gone,
    uploads_of,
    users_of_artefacts,
    users_of_models,
)
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.plan import Step
from cmapss_core.plans.removing.removal import delete_upload
from cmapss_core.plans.steps import delete_endpoint_config, delete_model, model_parameters

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The steps that take away what is not used any more, and what is said of what stays."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


def former_of(draft: Draft, endpoint: str, former: Parameters, config: Parameters, *, keep: bool) -> Former:
    """What becomes of the former config and of the models that the new one does not serve; reads only.

    These steps come last of all and are undone first, so that there is something to go back to.
    """
    name = former["EndpointConfigName"]
    models = [model for model in models_of(former) if model not in models_of(config)]
    if keep:
        return Former(notes=tuple(_stays(name, models, "as asked")))
    user = configs_in_use(draft.aws, passing_over=[endpoint]).get(name)
    if user is not None or not is_ours(former):
        why = f"the endpoint {user} uses it too" if user else "the console did not make it"
        return Former(notes=tuple(_stays(name, models, why)))
    used = users_of_models(draft.aws, models, passing_over=[name])
    notes = [f"model {model} stays: {config_name} uses it too" for model, config_name in used.items()]
    steps, uploads = [delete_endpoint_config(former)], dict[str, None]()
    for model in models:
        parameters = None if model in used else unless_gone(partial(model_parameters, draft.aws, model))
        if parameters is None:
            continue
        if not is_ours(parameters):
            notes.append(f"model {model} stays: the console did not make it")
            continue
        steps.append(delete_model(parameters))
        uploads.update(dict.fromkeys(uploads_of(parameters)))
    deleted = [step.detail for step in steps[1:]]
    shared = users_of_artefacts(draft.aws, list(uploads), passing_over=deleted)
    for uri in uploads:
        if uri in shared:
            notes.append(f"{uri} stays: the model {shared[uri]} serves it too")
        else:
            steps.append(delete_upload(uri))
            notes.append(f"{uri} goes for good when all is done: --keep-former keeps it")
    return Former(steps=tuple(steps), notes=tuple(notes))


def _stays(config: str, models: list[str], why: str) -> Iterator[str]:
    yield f"the former config {config} stays: {why}"
    if models:
        yield f"so does {', '.join(models)}, which it names"
