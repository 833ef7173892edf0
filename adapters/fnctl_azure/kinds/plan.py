"""`azure.plan`: what apps run on. Not every region sells every plan, and ARM says so in many words or in none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import State
from fnctl_azure.kinds.base import Arm
from fnctl_azure.kinds.types import WEB


class Plan(Arm):
    """A refusal is held against the regions that Azure lists for its kind of plan."""

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Put it."""
        try:
            return super().write(change, props, state, phase, run)
        except CloudError as error:
            tier = str(props["sku"]["tier"])
            regions = {} if error.unknown else self._regions(tier)
            if not regions or self.client.region in regions:
                raise
            raise CloudError(
                f"Azure has no plan of the kind {tier} in {self.client.region}",
                code="AZ622",
                reason="PlanNotInRegion",
                help=f"set another `targets.azure.region`: {', '.join(sorted(regions))}",
                notes=(str(error),),
            ) from None

    def _regions(self, tier: str) -> Mapping[str, str]:
        """Return the regions that sell a kind of plan, as ids have them and as people write them; {} where that is not to be known."""
        try:
            found = list(self.client.pages(f"/subscriptions/{self.client.subscription}/providers/Microsoft.Web/geoRegions?sku={tier}", WEB))
        except CloudError:
            return {}
        names = [str(one.get("name") or (one.get("properties") or {}).get("name") or "") for one in found]
        return {name.replace(" ", "").lower(): name for name in names if name}
