package main

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"
	"i80.dk/sighej"
	"i80.dk/sighej/server"
)

// noNumber stands for a setting that should be a whole number and is not. kong
// would stop at the first one; this way one message tells them all, and a good
// flag covers up a bad environment.
const noNumber = math.MinInt

// decodeNumber reads a whole number for kong.
func decodeNumber(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("number", &text); err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		n = noNumber
	}
	target.SetInt(int64(n))
	return nil
}

// decodeToken reads a token for kong. One in 64 begins as a flag does.
func decodeToken(ctx *kong.DecodeContext, target reflect.Value) error {
	arg := ctx.Scan.Pop()
	if arg.IsEOL() {
		return errors.New("missing value, expecting \"TOKEN\"")
	}
	token, err := sighej.ParseToken(arg.String())
	target.SetString(string(token))
	return err
}

// validate returns nil or all that is wrong with the settings.
func validate(o server.Options) error {
	faults := numberFaults(o)
	err := o.Validate()
	if invalid, ok := errors.AsType[*server.OptionsError](err); ok {
		for _, f := range invalid.Faults {
			told := func(other server.Fault) bool { return other.Setting == f.Setting }
			if !slices.ContainsFunc(faults, told) {
				faults = append(faults, f)
			}
		}
	} else if err != nil {
		return fmt.Errorf("checking the settings: %w", err)
	}
	if len(faults) == 0 {
		return nil
	}
	return &server.OptionsError{Faults: faults}
}

func numberFaults(o server.Options) (faults []server.Fault) {
	for field, value := range reflect.ValueOf(o).Fields() {
		if value.Kind() == reflect.Int && value.Int() == noNumber {
			faults = append(faults, server.Fault{Setting: field.Tag.Get("env"), Message: "must be a whole number"})
		}
	}
	return faults
}
