<?php
final class StatusTest extends BridgeTestCase
{
    public function test_tells_what_is_installed_and_whether_it_is_paired(): void
    {
        $this->signIn('author');
        $status = $this->ask('GET', 'status')->get_data();
        $this->assertSame(['paired' => false, 'site_id' => null], $status['pairing']);
        $this->assertSame(get_bloginfo('version'), $status['wordpress_version']);
        $this->ask('PUT', 'pairing', $this->pairing());
        $answer = $this->ask('GET', 'status');
        $this->assertSame(200, $answer->get_status());
        $this->assertSame(['paired' => true, 'site_id' => 7], $answer->get_data()['pairing']);
        $this->assertStringNotContainsString('whsec_', wp_json_encode($answer->get_data()));
    }

    public function test_tells_that_wp_cron_is_stuck(): void
    {
        $this->signIn('author');
        wp_schedule_single_event(time() - 2 * HOUR_IN_SECONDS, 'igny8_test_late');
        $cron = $this->ask('GET', 'status')->get_data()['wp_cron'];
        wp_clear_scheduled_hook('igny8_test_late');
        $this->assertFalse($cron['healthy']);
        $this->assertGreaterThanOrEqual(2 * HOUR_IN_SECONDS, $cron['late_seconds']);
    }

    public function test_is_not_for_everybody(): void
    {
        $this->assertRefused(401, 'igny8_cannot_read_status', $this->ask('GET', 'status'));
        $this->signIn('subscriber');
        $this->assertRefused(403, 'igny8_cannot_read_status', $this->ask('GET', 'status'));
    }
}
