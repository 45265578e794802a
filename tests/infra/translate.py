"""Turns the SAM template into the CloudFormation that a deployment would send, without asking AWS anything.

Usage: translate.py TEMPLATE ARTIFACTS > cloudformation.json

ARTIFACTS is where the functions' code is said to be (`s3://bucket`); the state machine's definition is put in place, so that
what comes out stands by itself.
"""

import json
import sys
from pathlib import Path

import yaml
from samtranslator.model import sam_resources
from samtranslator.parser.parser import Parser
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.translator import Translator


def main(path, artifacts):
    template = yaml.safe_load(Path(path).read_text())
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = f"{artifacts}/{name}.zip"
        if resource["Type"] == "AWS::Serverless::StateMachine":
            definition = Path(path).parent / properties.pop("DefinitionUri")
            properties["Definition"] = json.loads(definition.read_text())
    # The policies that AWS keeps are named, never read.
    translator = Translator({}, Parser())
    parameters = {"AWS::Region": "eu-west-1", "AWS::Partition": "aws"}
    json.dump(translator.translate(template, parameters), sys.stdout, indent=1, default=str)


if __name__ == "__main__":
    main(*sys.argv[1:])
