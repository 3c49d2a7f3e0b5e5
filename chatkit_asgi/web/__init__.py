"""The edge that speaks HTTP: routes, responses, errors. Knows the engine and the interfaces, no backend."""
