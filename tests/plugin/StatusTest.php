<?php
final class StatusTest extends BridgeTestCase
{
    public function test_reports_versions_and_the_pairing(): void
    {
        $this->signIn('author');
        $status = $this->request('GET', 'status')->get_data();
        $this->assertSame(['paired' => false, 'site_id' => null], $status['pairing']);
        $this->assertSame(get_bloginfo('version'), $status['wordpress_version']);
        $this->request('PUT', 'pairing', $this->pairing());
        $answer = $this->request('GET', 'status');
        $this->assertSame(200, $answer->get_status());
        $this->assertSame(['paired' => true, 'site_id' => 7], $answer->get_data()['pairing']);
        $this->assertStringNotContainsString('whsec_', wp_json_encode($answer->get_data()));
    }

    public function test_reports_that_wp_cron_is_stuck(): void
    {
        $this->signIn('author');
        wp_schedule_single_event(time() - 2 * HOUR_IN_SECONDS, 'igny8_test_late');
        $cron = $this->request('GET', 'status')->get_data()['wp_cron'];
        wp_clear_scheduled_hook('igny8_test_late');
        $this->assertFalse($cron['healthy']);
        $this->assertGreaterThanOrEqual(2 * HOUR_IN_SECONDS, $cron['late_seconds']);
    }

    public function test_refuses_visitors_and_users_who_cannot_edit_posts(): void
    {
        $this->assertError(401, 'igny8_cannot_read_status', $this->request('GET', 'status'));
        $this->signIn('subscriber');
        $this->assertError(403, 'igny8_cannot_read_status', $this->request('GET', 'status'));
    }
}
