# The production program alone: static, without a shell, not as root.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY . .
ARG VERSION=dev
# Modules are fetched by the build itself: a download of all of them would bring the
# development engine along, which the production program does not link.
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.number=${VERSION}" -o /out/refunddesk ./cmd/refunddesk

FROM scratch
# To trust issuers and mail servers.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/refunddesk /refunddesk
# Nobody in particular; a number, so that orchestrators can see that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/refunddesk"]
CMD ["serve"]
