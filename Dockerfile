# Builds from any Debian-like base with Python 3.11 or newer as `python3`, venv included.
ARG BASE=python:3.11-slim

FROM ${BASE} AS builder
WORKDIR /build
COPY locks/ locks/
RUN python3 -m venv /opt/vestnik \
    && /opt/vestnik/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r locks/runtime.lock \
    && python3 -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r locks/build.lock
COPY pyproject.toml README.md LICENSE ./
COPY src/ src/
RUN /opt/build/bin/python -m pip wheel --no-build-isolation --no-deps --wheel-dir wheels . \
    && /opt/vestnik/bin/python -m pip install --no-index --no-deps wheels/*.whl

FROM ${BASE}
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin vestnik \
    && install -d -o vestnik -g vestnik /data
COPY --from=builder /opt/vestnik /opt/vestnik
# Settings, not arguments, so that `vestnik keys create NAME` in the same container finds the same data.
ENV PATH=/opt/vestnik/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    VESTNIK_HOST=0.0.0.0 \
    VESTNIK_PORT=8080 \
    VESTNIK_DATA=/data
USER vestnik
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('VESTNIK_PROBE_PORT') or os.environ['VESTNIK_PORT']) + '/readyz', timeout=2)"]
# It listens beyond loopback and so refuses to start until a key exists or VESTNIK_INSECURE=1 is set.
ENTRYPOINT ["vestnik"]
CMD ["serve"]
