# syntax=docker/dockerfile:1
# Steps that need no shell cannot be joined into one:
# hadolint global ignore=DL3059

# The whole state is /data, so the image runs with a read-only root:
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -v chatbot:/data --env-file .env -p 3978:3978 chatbot

FROM python:3.12.13-slim-bookworm AS packages
COPY requirements.lock /build/
RUN ["python", "-m", "venv", "/venv"]
RUN ["/venv/bin/python", "-m", "pip", "install", "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", "/build/requirements.lock"]

FROM python:3.12.13-slim-bookworm
RUN ["groupadd", "--system", "--gid", "10001", "chatbot"]
RUN ["useradd", "--system", "--uid", "10001", "--gid", "10001", "--no-create-home", "--home-dir", "/data", "chatbot"]
RUN ["install", "-d", "-o", "10001", "-g", "10001", "/data"]
COPY --from=packages /venv /venv
WORKDIR /app
COPY adapters/ adapters/
COPY bot/ bot/
COPY core/ core/
COPY docs/ docs/
COPY prompts/ prompts/
COPY LICENSE README.md manifest.json ./

ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=3978 \
    DATABASE_URL=sqlite+aiosqlite:////data/chatbot.db \
    METRICS_DIR=/data/metrics

VOLUME ["/data"]
EXPOSE 3978
USER 10001:10001
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as http; http.build_opener(http.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=4)"]
CMD ["python", "-m", "bot", "run"]
