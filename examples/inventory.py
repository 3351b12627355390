"""Stock keeping for a small warehouse: receive goods, reserve them for orders, reorder in time."""

import csv
from dataclasses import dataclass, field
from datetime import date


@dataclass
class Item:
    """One article. `reserved` units are still on the shelf but promised to an order."""

    sku: str
    price: float
    on_hand: int = 0
    reserved: int = 0
    reorder_point: int = 10
    deliveries: list[tuple[date, int]] = field(default_factory=list)

    @property
    def available(self) -> int:
        """Units that can still be promised."""
        return self.on_hand - self.reserved


class Inventory:
    """All items by SKU."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def receive(self, sku: str, units: int, price: float, day: date) -> None:
        """Book a delivery; the price becomes the average over all units on hand."""
        item = self.items.setdefault(sku, Item(sku, price))
        item.on_hand += units
        item.price = (item.price * item.on_hand + price * units) / (item.on_hand + units)
        item.deliveries.append((day, units))

    def reserve(self, sku: str, units: int) -> bool:
        """Promise units to an order; refuse, without changing anything, if too few are left."""
        item = self.items[sku]
        if units > item.available:
            return False
        item.reserved += units
        return True

    def ship(self, sku: str, units: int) -> None:
        """Take reserved units off the shelf.

        Raises ValueError if fewer were reserved.
        """
        item = self.items[sku]
        if item.reserved < units:
            raise ValueError(f"only {item.reserved} units of {sku} are reserved")
        item.on_hand -= units

    def to_reorder(self) -> list[str]:
        """Return the SKUs at or below their reorder point, the emptiest first."""
        low = [item for item in self.items.values() if item.available <= item.reorder_point]
        return [item.sku for item in sorted(low, key=lambda item: item.available)]

    def slow_movers(self, today: date, days: int = 90) -> list[str]:
        """Return the SKUs in stock whose last delivery is more than `days` ago."""
        limit = today - timedelta(days=days)
        return [
            item.sku
            for item in self.items.values()
            if item.on_hand and item.deliveries[0][0] < limit
        ]

    def value(self) -> float:
        """Return what the stock is worth, rounded to cents."""
        return round(sum(item.price * item.on_hand for item in self.items.values()), 2)

    def load(self, path: str) -> int:
        """Read `sku,units,price` rows below a header line and return how many there were."""
        with open(path, newline="") as file:
            rows = list(csv.reader(file))
        for sku, units, price in rows:
            self.receive(sku.strip(), int(units), float(price), date.today())
        return len(rows)
