"""The API under ``/api/v1``: what the pages show and do, as typed JSON. It sees and reaches no more than they do."""
