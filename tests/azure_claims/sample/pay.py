import logging
import os
from typing import Any
from urllib.request import urlopen


async def pay(event: Any) -> Any:
    logging.warning("paid %s", event.data["bill"])
    return {"paid": event.data["bill"]}


def bill(request: Any) -> Any:
    return {"bill": request.path_params["number"]}


def ring(_request: Any) -> Any:
    with urlopen(f"{os.environ['BILL_FUNCTION']}7", timeout=5) as answer:
        return answer.read().decode()
