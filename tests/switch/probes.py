"""All probes, by tables: what the backend does (refuses, forges, tunnels) on each path, what clients do in HTTP/1.1,
and the forms of HTTP/2 on either side."""
import probes_client
import probes_forged
import probes_h2
import probes_refused
import probes_tunnel

PROBES = [*probes_tunnel.PROBES, *probes_refused.PROBES, *probes_forged.PROBES, *probes_client.PROBES,
          *probes_h2.PROBES]

_names = [probe.name for probe in PROBES]
if len(set(_names)) < len(_names):
    raise ValueError(f"names are not unique: {sorted(name for name in _names if _names.count(name) > 1)}")
