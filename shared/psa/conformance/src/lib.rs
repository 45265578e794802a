//! One suite for every PSA: what a client behind the port must do, over HTTP, against a simulator of the product.
//!
//! ```ignore
//! psa_conformance::suite!(crate::EXAMPLE);
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "its functions are tests, which their names describe"
)]

pub mod bench;
pub mod changing;
pub mod failing;
pub mod filtering;
pub mod product;
pub mod reading;
pub mod tables;

/// Makes a test of each function of the suite for one product, a `&'static dyn Product`.
#[macro_export]
macro_rules! suite {
    ($product:expr) => {
        $crate::tests! {
            $product;
            reading::the_check_reads_one_company_and_one_contact,
            reading::r6_the_attributes_are_those_of_the_psa,
            reading::r8_every_company_is_read,
            reading::r8_every_contact_is_read_with_all_its_addresses,
            reading::r9_a_walk_without_a_count_is_as_complete,
            reading::r14_companies_are_read_back_by_id,
            reading::r55_contacts_are_read_back_by_id,
            reading::r14_many_companies_are_read_back_in_few_requests,
            reading::r14_a_company_that_cannot_be_shown_costs_no_other_its_answer,
            reading::r14_only_a_failure_that_a_company_may_cause_is_looked_into,
            failing::r42_each_failure_has_its_code,
            failing::r42_wrong_credentials_are_asked_once,
            failing::r42_a_closed_port_is_an_unknown_error,
            failing::r43_a_rate_limit_in_the_middle_is_waited_out,
            failing::r9_a_truncated_page_never_makes_a_short_list,
            failing::r9_a_refusal_in_the_middle_fails_the_whole_walk,
            changing::r10_no_row_is_lost_or_doubled_when_rows_come_and_go_meanwhile,
            changing::r10_rows_that_vanish_at_the_end_do_not_stop_the_walk,
            changing::r9_an_empty_page_in_the_middle_is_not_the_end,
            changing::r9_a_page_that_comes_again_is_refused,
            changing::r9_a_page_that_is_skipped_is_missed,
            changing::r11_a_walk_goes_on_in_another_client,
            changing::r11_a_cursor_of_another_kind_is_refused,
            filtering::r7_every_value_of_every_attribute_means_what_it_says,
            filtering::r7_values_are_combined_with_or_and_attributes_with_and,
            filtering::r7_a_filter_too_long_for_the_psa_means_the_same,
            filtering::r7_totals_count_what_the_filter_accepts,
            reading::a_small_msp_needs_hardly_more_than_its_pages,
        }
    };
}

/// Makes the tests that [`suite`] names.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($product:expr; $($file:ident::$name:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            $crate::$file::$name($crate::bench::Bench::small($product).await).await;
        })*
    };
}
