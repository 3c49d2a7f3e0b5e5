"""`python -m chatkit_asgi` is `chatkit-asgi`."""

import sys

from chatkit_asgi.cli import main

sys.exit(main())
