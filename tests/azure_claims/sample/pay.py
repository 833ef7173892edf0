import logging
from typing import Any


async def pay(event: Any) -> Any:
    logging.warning("paid %s", event.data["bill"])
    return {"paid": event.data["bill"]}
