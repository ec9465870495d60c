// Command generate makes the demo billing export anew from the price list beside it.
//
//	go run ./internal/devstack/demo/generate
//
// It draws from a fixed seed and knows no clock: the same program makes the same files,
// and a test holds the committed ones against it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "internal/devstack/demo", "folder of prices.csv; the export goes to its folder export")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	prices, err := readPrices(filepath.Join(dir, "prices.csv"))
	if err != nil {
		return err
	}
	for name, content := range export(prices) {
		if err := os.WriteFile(filepath.Join(dir, "export", name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
