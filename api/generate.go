// Package api is RefundDesk over HTTP: the contract (openapi.yaml), the Gin server
// generated from it, and the handlers. It decides nothing about refunds; it reads
// requests strictly, asks the desk, and translates answers and faults.
package api

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config server.cfg.yaml -o server.gen.go openapi.yaml
//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config client.cfg.yaml -o client/client.gen.go openapi.yaml
