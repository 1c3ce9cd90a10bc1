"""Which tests are slow: those that take seconds each, in a process or a server of their own or with many deploys.

``uv run pytest -m "not slow"`` leaves them out, for the time between two edits; nothing lands without all of them.
"""

import pytest

FILES = frozenset(
    {
        "faults",
        "local",
        "setup/test_developers.py",
        "setup/test_doctor.py",
        "setup/test_new_end_to_end.py",
        "setup/test_new_repository.py",
        "soak",
        "account/test_account.py",
        "account/test_account_rights.py",
        "aws/test_api_files.py",
        "aws/test_cut_short.py",
        "aws/test_diversions.py",
        "aws/test_fence.py",
        "base/test_isolation.py",
        "base/test_loading.py",
        "base/test_process_clock.py",
        "base/test_terminal.py",
        "bench/test_simulation.py",
        "commands/test_any_type_end_to_end.py",
        "commands/test_closed_pipe.py",
        "commands/test_destroy.py",
        "commands/test_executor.py",
        "commands/test_instances.py",
        "commands/test_instances_end_to_end.py",
        "commands/test_invoke_options.py",
        "commands/test_operations.py",
        "commands/test_operations_end_to_end.py",
        "commands/test_process_end.py",
        "commands/test_project_region.py",
        "commands/test_publish_end_to_end.py",
        "commands/test_report.py",
        "commands/test_run.py",
        "commands/test_run_one.py",
        "commands/test_sbom.py",
        "commands/test_schedules_end_to_end.py",
        "commands/test_status.py",
        "commands/test_tag_prefix.py",
        "commands/test_unbind.py",
        "commands/test_unchanged.py",
        "commands/test_upgrading.py",
        "commands/test_watch.py",
        "declare/test_directories.py",
        "declare/test_layers.py",
        "declare/test_random_edits.py",
        "declare/test_typed_construction.py",
        "declare/test_used_declarations.py",
        "engine/test_adopting.py",
        "engine/test_adopting_beside.py",
        "engine/test_adopting_shown.py",
        "engine/test_apply.py",
        "engine/test_artifact_bucket_of_others.py",
        "engine/test_bucket_properties.py",
        "engine/test_bucket_settings.py",
        "engine/test_budgets.py",
        "engine/test_diffs.py",
        "engine/test_environment_moved.py",
        "engine/test_existing.py",
        "engine/test_function_images.py",
        "engine/test_imported_code.py",
        "engine/test_imported_scripts.py",
        "engine/test_index_lag.py",
        "engine/test_machine_roles.py",
        "engine/test_named.py",
        "engine/test_old_layers.py",
        "engine/test_ownership.py",
        "engine/test_protection.py",
        "engine/test_renaming.py",
        "engine/test_replacing.py",
        "engine/test_role_checks.py",
        "engine/test_roles_of_one_name.py",
        "engine/test_secrets.py",
        "engine/test_table_properties.py",
        "engine/test_types_of_values.py",
        "engine/test_verify_always.py",
        "environment/test_endpoints.py",
        "execution/test_samples.py",
        "importing/test_absent.py",
        "importing/test_account.py",
        "importing/test_adopting.py",
        "importing/test_arguments.py",
        "importing/test_import.py",
        "importing/test_next_environment.py",
        "importing/test_odd_accounts.py",
        "importing/test_proposals.py",
        "importing/test_pull.py",
        "importing/test_refusals.py",
        "importing/test_versions.py",
        "packaging/test_determinism.py",
        "packaging/test_layers.py",
        "packaging/test_missing_modules.py",
        "packaging/test_packages.py",
        "packaging/test_poisoning.py",
        "packaging/test_script_modules.py",
        "resources/test_directory.py",
        "resources/test_left_alone.py",
        "resources/test_lifecycle.py",
        "resources/test_move_to_layer.py",
        "resources/test_renewed_roles.py",
        "resources/test_roles_made_by_hand.py",
        "resources/test_settings.py",
        "state/test_damaged.py",
        "state/test_locations.py",
        "state/test_old_versions.py",
        "support/test_ending.py",
        "support/test_strict_s3.py",
        "test_end_to_end.py",
        "test_enforced_end_to_end.py",
        "test_existing_end_to_end.py",
    }
)
"""Files, and folders of them, in tests/ whose tests are slow."""
TESTS = frozenset(
    {
        "aws/test_resource_schemas.py::test_every_schema_can_be_used",
        "bench/test_peers.py::test_both_are_measured",
        "base/test_import_source.py::test_other_threads_may_import_meanwhile",
        "commands/test_bad_input.py::test_one_message_and_nothing_written[artifact too large]",
        "declare/test_enabled.py::test_all_values_that_an_environment_lacks_are_told_with_the_lines_to_add",
        *(
            f"engine/test_garbage_meanwhile.py::test_killed_at_any_call_nothing_needed_is_gone_and_the_next_run_goes_on[{when}]"
            for when in ("before", "after")
        ),
        "engine/test_reads.py::test_the_scanner_for_secrets_loads_while_declarations_do_if_a_file_was_edited[True]",
        "engine/test_reads.py::test_the_scanner_for_secrets_loads_while_declarations_do_if_a_file_was_edited[False]",
        "engine/test_exclusive.py::test_policies_statements_and_targets_of_others_go",
        "engine/test_properties.py::test_a_field_beside_a_declared_one_is_kept",
        "engine/test_properties.py::test_every_field_is_sent_and_read_back_and_goes_when_it_is_declared_no_more",
        "engine/test_policy_needs.py::test_no_command_makes_a_call_that_the_policy_does_not_allow",
        "model/test_hidden_fields.py::test_no_value_is_stored_and_none_of_others_is_told",
        "packaging/test_artifact.py::test_lambda_takes_only_so_much",
        "packaging/test_source_files.py::test_names_are_read_as_utf_8_or_not_at_all",
        "resources/test_queue.py::test_a_queue_lives_through_deploys",
        "packaging/test_unpacking.py::test_a_zip_that_expands_without_end_is_refused",
    }
)
"""Single tests of other files that are slow."""
FIXTURES = frozenset({"embedded", "flat", "fsa", "planted", "spark_results", "stack"})
"""Who asks for one of these, by name or as a parameter, has a server or Spark started."""


def mark(items: list[pytest.Item]) -> None:
    """Marks the slow ones."""
    here = __name__.partition(".")[0]
    for item in items:
        path = item.path.relative_to(item.config.rootpath).as_posix()
        within = path.removeprefix(f"{here}/")
        names = {within, within.partition("/")[0]} if path != within else set()
        asks = {*getattr(item, "fixturenames", ()), *item.name.replace("]", "-").replace("[", "-").split("-")}
        if names & FILES or f"{within}::{item.name}" in TESTS or FIXTURES & asks:
            item.add_marker(pytest.mark.slow)
