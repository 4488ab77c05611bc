package probe

import (
	"fmt"
	"strconv"
	"strings"
)

// Int adds an option that must lie in least..most. Outside of it the flag package prints the
// range and the usage, and the target exits with 2. A word in backquotes in usage names the value.
func (target *Target) Int(name string, value, least, most int, usage string) *int {
	option := &intOption{value: value, least: least, most: most}
	target.flags.Var(option, name, fmt.Sprintf("%s (%d..%d)", usage, least, most))
	return &option.value
}

// Choice adds an option that must be one of choices; the first is the default. On/off options are
// choices or 0..1 integers too, because a Go boolean flag cannot be written as two arguments.
func (target *Target) Choice(name, usage string, choices ...string) *string {
	option := &choiceOption{value: choices[0], choices: choices}
	target.flags.Var(option, name, fmt.Sprintf("%s (%s)", usage, strings.Join(choices, ", ")))
	return &option.value
}

type intOption struct{ value, least, most int }

func (option *intOption) Set(text string) error {
	value, err := strconv.Atoi(text)
	if err != nil || value < option.least || value > option.most {
		return fmt.Errorf("want a whole number from %d to %d", option.least, option.most)
	}
	option.value = value
	return nil
}

func (option *intOption) String() string { return strconv.Itoa(option.value) }
func (option *intOption) Get() any       { return option.value }

type choiceOption struct {
	value   string
	choices []string
}

func (option *choiceOption) Set(text string) error {
	for _, choice := range option.choices {
		if text == choice {
			option.value = text
			return nil
		}
	}
	return fmt.Errorf("want one of %s", strings.Join(option.choices, ", "))
}

func (option *choiceOption) String() string { return option.value }
func (option *choiceOption) Get() any       { return option.value }
