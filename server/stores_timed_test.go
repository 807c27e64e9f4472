package server

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"i80.dk/sighej/persistence"
)

// Every call of a store that may take time is timed, also one that was added since.
// A method that is only promoted has no line of its own.
func TestEveryStoreCallIsTimed(t *testing.T) {
	for timed, store := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[*timedSessions]():   reflect.TypeFor[sessionStore](),
		reflect.TypeFor[*timedStatistics](): reflect.TypeFor[persistence.Statistics](),
	} {
		for i := range store.NumMethod() {
			call := store.Method(i)
			if call.Type.NumIn() == 0 || call.Type.In(0) != reflect.TypeFor[context.Context]() {
				continue
			}
			m, _ := timed.MethodByName(call.Name)
			if file, _ := runtime.FuncForPC(m.Func.Pointer()).FileLine(m.Func.Pointer()); !strings.HasSuffix(file, "stores_timed.go") {
				t.Errorf("%s.%s is not timed (%s)", timed.Elem().Name(), call.Name, file)
			}
		}
	}
}
