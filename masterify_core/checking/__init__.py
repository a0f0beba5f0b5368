"""Checking finished files against the rules of platforms, without mastering anything."""

from masterify_core.checking.check import FileCheck, PlatformCheck, check
from masterify_core.checking.rules import Finding, Rule, rules

__all__ = ["FileCheck", "Finding", "PlatformCheck", "Rule", "check", "rules"]
