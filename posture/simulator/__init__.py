"""A Microsoft Graph look-alike for the demonstration and the tests; shares nothing with the product."""
