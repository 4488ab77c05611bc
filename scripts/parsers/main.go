// Command parsers reads what gosweep exports with the parsers of the programs that it is for, where those programs are
// too large to build for a test.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: parsers dockerfile|compose|nomad FILE..."))
	}
	read := map[string]func([]string) error{"dockerfile": dockerfile, "compose": compose, "nomad": nomad}[os.Args[1]]
	if read == nil {
		fail(fmt.Errorf("no consumer %q", os.Args[1]))
	}
	if err := read(os.Args[2:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// dockerfile prints the variables that the last stage sets, as a container gets them, and refuses what BuildKit warns of.
func dockerfile(files []string) error {
	text, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return err
	}
	if len(parsed.Warnings) > 0 {
		return fmt.Errorf("BuildKit warns: %v", parsed.Warnings)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return err
	}
	words := shell.NewLex(parsed.EscapeToken)
	for _, command := range stages[len(stages)-1].Commands {
		env, is := command.(*instructions.EnvCommand)
		if !is {
			continue
		}
		err := env.Expand(func(word string) (string, error) {
			text, _, err := words.ProcessWord(word, shell.EnvsFromSlice(nil))
			return text, err
		})
		if err != nil {
			return err
		}
		for _, pair := range env.Env {
			fmt.Printf("%s=%s\n", pair.Key, pair.Value)
		}
	}
	return nil
}

// compose merges the files as docker compose does and prints the project.
func compose(files []string) error {
	options, err := cli.NewProjectOptions(files, cli.WithName("checked"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	text, err := project.MarshalYAML()
	if err != nil {
		return err
	}
	fmt.Print(string(text))
	return nil
}

// nomad reads a job with HCL's own parser and prints the variables of every task. Nomad's jobspec2 is not served as a Go
// module; the blocks asked for here are those of its documentation.
func nomad(files []string) error {
	parsed, failed := hclparse.NewParser().ParseHCLFile(files[0])
	if failed.HasErrors() {
		return failed
	}
	block := func(name string, labels ...string) *hcl.BodySchema {
		return &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: name, LabelNames: labels}}}
	}
	path := []*hcl.BodySchema{block("job", "name"), block("group", "name"), block("task", "name")}
	bodies := []hcl.Body{parsed.Body}
	for _, schema := range path {
		var inner []hcl.Body
		for _, body := range bodies {
			content, _, failed := body.PartialContent(schema)
			if failed.HasErrors() {
				return failed
			}
			for _, found := range content.Blocks {
				inner = append(inner, found.Body)
			}
		}
		bodies = inner
	}
	for _, task := range bodies {
		content, _, failed := task.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "env"}, {Type: "resources"}}})
		if failed.HasErrors() {
			return failed
		}
		for _, found := range content.Blocks {
			attributes, failed := found.Body.JustAttributes()
			if failed.HasErrors() {
				return failed
			}
			for name, attribute := range attributes {
				value, failed := attribute.Expr.Value(nil)
				if failed.HasErrors() {
					return failed
				}
				if value.Type().FriendlyName() == "string" {
					fmt.Printf("%s %s=%s\n", found.Type, name, value.AsString())
				} else {
					fmt.Printf("%s %s=%s\n", found.Type, name, value.AsBigFloat().String())
				}
			}
		}
	}
	return nil
}
