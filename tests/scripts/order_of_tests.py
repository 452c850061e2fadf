"""One sound order of 42 dollars, as a shop sends it, for the tests that are programs."""
import json

ORDER_VALUE = {
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "a@example.com", "name": "A Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701",
                 "country": "US"},
}
ORDER = json.dumps(ORDER_VALUE).encode()


def order_with(**members):
    """The same with further or other members."""
    return json.dumps({**ORDER_VALUE, **members}).encode()
