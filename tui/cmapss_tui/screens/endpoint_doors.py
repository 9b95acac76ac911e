"""What leads on from an endpoint's screen: dialogs, logs, description, operations, and what can be copied."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.endpoint_known import Known


class EndpointDoors(ConsoleScreen):
    """A screen of one endpoint, with what is known of it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.endpoint_name = name
        self.known = Known()

    def copyable(self) -> Mapping[str, str]:
        """Its names, where it is invoked, why it scales, and all that is known of it."""
        from cmapss_tui.documents import watch_document

        endpoint, watch = self.known.endpoint, self.known.watch
        if endpoint is None or watch is None:
            return {"name": self.endpoint_name}
        target = self.aws.target
        host = target.endpoint_url or f"https://runtime.sagemaker.{self.aws.region}.amazonaws.com"
        given = {
            "name": endpoint.name,
            "ARN": endpoint.arn,
            "endpoint config": endpoint.config or "",
            "invocation URL": f"{host}/endpoints/{endpoint.name}/invocations",
            "explanation": self.known.explanation,
            "JSON": json.dumps(watch_document(endpoint, watch), indent=2, default=str),
        }
        return {what: text for what, text in given.items() if text}

    def action_logs(self) -> None:
        """Read what its containers wrote."""
        from cmapss_tui.screens.logs import logs_of_endpoint

        self.app.push_screen(logs_of_endpoint(self.endpoint_name))

    def action_describe(self) -> None:
        """Read what AWS answers of it."""
        from cmapss_tui.screens.describe import describe_endpoint

        self.app.push_screen(describe_endpoint(self.endpoint_name))

    def action_operations(self) -> None:
        """See what was begun from here with it."""
        from cmapss_tui.screens.operations import OperationsScreen

        self.app.push_screen(OperationsScreen(target=self.endpoint_name))

    def action_validate(self) -> None:
        """Measure how well it predicts."""
        from cmapss_tui.screens.validate import ValidateScreen

        self.app.push_screen(ValidateScreen(self.endpoint_name))

    def action_traffic(self) -> None:
        """Send it load."""
        from cmapss_tui.screens.traffic import TrafficScreen

        known = self.known
        self.app.push_screen(TrafficScreen(self.endpoint_name, known=known.endpoint, scaling=known.scaling))

    def action_scale(self) -> None:
        """Change its automatic scaling."""
        from cmapss_tui.screens.scale import ScaleScreen

        variants = self.known.endpoint.variants if self.known.endpoint is not None else ()
        instances = {variant.name: variant.desired_instances for variant in variants}
        self.app.push_screen(ScaleScreen(self.endpoint_name, self.known.scaling, instances))

    def action_update(self) -> None:
        """Change what it serves, or on what."""
        from cmapss_tui.screens.update import UpdateScreen

        if self.known.endpoint is not None:
            self.app.push_screen(UpdateScreen(self.known.endpoint))

    def action_stop_rollout(self) -> None:
        """Give the old fleet its traffic back."""
        from cmapss_tui.screens.stop_rollout import StopRolloutScreen

        self.app.push_screen(StopRolloutScreen(self.endpoint_name))

    def action_high_availability(self) -> None:
        """Give it three instances or more."""
        from cmapss_tui.screens.high_availability import HighAvailabilityScreen

        self.app.push_screen(HighAvailabilityScreen(self.endpoint_name, list(self.known.variant_names)))

    def action_delete(self) -> None:
        """Delete it, after its name has been typed."""
        from cmapss_tui.screens.delete import DeleteScreen

        self.app.push_screen(DeleteScreen(self.endpoint_name))
