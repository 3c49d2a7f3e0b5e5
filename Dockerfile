# syntax=docker/dockerfile:1
FROM node:24-slim AS page
WORKDIR /src/page
COPY page/.npmrc page/package.json page/package-lock.json ./
RUN npm ci
COPY chatkit_asgi/web/static/icon.svg ../chatkit_asgi/web/static/
COPY page ./
RUN npm run build

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md LICENSE constraints.txt alembic.ini ./
COPY migrations migrations
COPY chatkit_asgi chatkit_asgi
COPY --from=page /src/chatkit_asgi/web/page chatkit_asgi/web/page
RUN python -m venv /opt/chatkit \
 && CHATKIT_BUILD_PAGE=require /opt/chatkit/bin/pip install --no-cache-dir --constraint constraints.txt '.[fast,images]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data chatkit
COPY --from=build /opt/chatkit /opt/chatkit
ENV PATH=/opt/chatkit/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CHATKIT_DATA_DIR=/data
USER chatkit
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["chatkit-asgi", "serve", "--host", "0.0.0.0"]
