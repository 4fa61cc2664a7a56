<?php
use Igny8\Bridge\Admin\AdminPage;
use Igny8\Bridge\Events\Outbox;

/** The forms of the igny8 page. */
final class AdminActionsTest extends AdminTestCase
{
    public function test_sends_the_publish_action_with_the_login_name_of_the_user(): void
    {
        $this->answer = ['taken' => true];
        $_POST = ['task_id' => '5', 'updated_at' => '2026-01-31T10:00:00.123Z', 'request' => wp_generate_uuid4()];
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish5');
        $this->assertSame(1, preg_match('/redirected to .*page=igny8-bridge/', $this->refusal([AdminPage::class, 'publish'])));
        $user = wp_get_current_user()->user_login;
        $this->assertSame([['actions', ['action' => 'publish', 'task_id' => 5, 'updated_at' => '2026-01-31T10:00:00.123Z', 'user' => $user]]], $this->requests);
        $this->assertSame("wp_{$_POST['request']}", $this->webhook, 'A form submitted twice sends the same ID.');
        $this->answer = $this->overview();
        $this->assertStringContainsString('Article approved.', $this->page());
        $this->assertStringNotContainsString('Article approved.', $this->page());
    }

    public function test_shows_why_igny8_refused_the_action(): void
    {
        $this->answer = ['code' => 409, 'detail' => 'The task has no article.'];
        $_POST = ['task_id' => '5', 'request' => ['x']];
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish5');
        $this->refusal([AdminPage::class, 'publish']);
        $this->assertSame(1, preg_match('/^wp_[0-9a-f-]{36}$/D', $this->webhook));
        $this->answer = $this->overview();
        $this->assertStringContainsString('The task has no article.', $this->page());
    }

    public function test_keeps_the_notice_of_lost_changes_until_the_site_check_has_started(): void
    {
        $lost = ['count' => 1, 'error' => 'timed out'];
        update_option(Outbox::LOST_OPTION, $lost);
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_check');
        $this->answer = new WP_Error('http_request_failed', 'timed out');
        $this->refusal([AdminPage::class, 'check']);
        $this->assertSame($lost, get_option(Outbox::LOST_OPTION));
        $this->answer = ['taken' => true];
        $this->refusal([AdminPage::class, 'check']);
        $this->assertFalse(get_option(Outbox::LOST_OPTION));
        $this->answer = $this->overview();
        $this->assertStringContainsString('Site check started.', $this->page());
    }

    public function test_requires_a_nonce_and_the_capability(): void
    {
        $_POST['task_id'] = '5';
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish6');
        $this->refusal([AdminPage::class, 'publish']);
        $this->signIn('contributor');
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_publish5');
        $this->assertStringContainsString('not allowed', $this->refusal([AdminPage::class, 'publish']));
        $this->signIn('editor');
        $_REQUEST['_wpnonce'] = wp_create_nonce('igny8_bridge_check');
        $this->assertStringContainsString('not allowed', $this->refusal([AdminPage::class, 'check']));
        $this->signIn('subscriber');
        $this->assertStringContainsString('not allowed', $this->refusal([AdminPage::class, 'render']));
        $this->assertSame([], $this->requests);
    }
}
