// Package house holds no code, only the rules of the house as tests: which room may import
// which, what the production program must not link, how packages are named, and how long a
// file may be. A rule that is in nobody's way is kept by nobody; these are kept by `make test`.
package house
