"""The audit of the editor by ATAG 2.0: criteria with their tests, and the report that is made of them."""
