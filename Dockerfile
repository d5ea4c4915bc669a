# The product's image: one static binary, built outside (make build), run by an unprivileged user.
# A base with certificates or a shell can be given: docker build --build-arg BASE_IMAGE=debian:bookworm-slim .
ARG BASE_IMAGE=scratch
FROM ${BASE_IMAGE}
COPY --chown=65532:65532 bin/aforro /aforro
USER 65532:65532
# Inside a container the API must listen on every address to be published at all.
ENV AFORRO_HTTP_ADDR=0.0.0.0:8000 AFORRO_PROBE_ADDR=0.0.0.0:8001 AFORRO_LOG_FORMAT=json
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 CMD ["/aforro", "health"]
ENTRYPOINT ["/aforro"]
CMD ["api"]
