<?php
use Igny8\Bridge\Events\EventsController;
use Igny8\Bridge\Pairing\Pairing;

final class PairingTest extends BridgeTestCase
{
    public function test_pairs_for_a_user_who_can_publish_posts(): void
    {
        $this->signIn('author');
        $answer = $this->request('PUT', 'pairing', $this->pairing());
        $this->assertSame(200, $answer->get_status());
        $this->assertSame(['site_id' => 7, 'previous_good_until' => null], $answer->get_data());
        $this->assertSame([self::KEY], Pairing::keys());
    }

    public function test_keeps_the_replaced_key_valid_for_the_overlap(): void
    {
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing());
        $answer = $this->request('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY, 'overlap' => 60]));
        $until = strtotime($answer->get_data()['previous_good_until']);
        $this->assertEqualsWithDelta(time() + 60, $until, 5);
        $this->assertSame([self::OTHER_KEY, self::KEY], Pairing::keys());
        $this->request('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY, 'overlap' => 600]));
        $this->assertSame($until, Pairing::previous_until(), 'Sending the same key again does not extend the overlap.');
    }

    public function test_expires_the_replaced_key_at_once_without_an_overlap(): void
    {
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing());
        $this->request('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY, 'overlap' => 0]));
        $this->assertSame([self::OTHER_KEY], Pairing::keys());
    }

    public function test_refuses_visitors(): void
    {
        $this->assertError(401, 'igny8_cannot_pair', $this->request('PUT', 'pairing', $this->pairing()));
        $this->assertError(401, 'igny8_cannot_pair', $this->request('DELETE', 'pairing'));
    }

    public function test_refuses_users_who_cannot_publish_posts(): void
    {
        $this->signIn('subscriber');
        $this->assertError(403, 'igny8_cannot_pair', $this->request('PUT', 'pairing', $this->pairing()));
        $this->assertError(403, 'igny8_cannot_pair', $this->request('DELETE', 'pairing'));
        $this->signIn('contributor');
        $this->assertError(403, 'igny8_cannot_pair', $this->request('PUT', 'pairing', $this->pairing()));
        $this->assertError(403, 'igny8_cannot_pair', $this->request('DELETE', 'pairing'));
        $this->assertNull(Pairing::get());
    }

    public function test_does_not_replace_a_newer_key_with_an_older_one(): void
    {
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing(['since' => 1700000000002]));
        $late = $this->pairing(['key' => self::OTHER_KEY, 'since' => 1700000000001]);
        $this->assertError(409, 'igny8_newer_key', $this->request('PUT', 'pairing', $late));
        $this->assertSame([self::KEY], Pairing::keys());
        $this->assertSame(200, $this->request('PUT', 'pairing', $this->pairing(['since' => 1700000000002]))->get_status());
    }

    public function test_lets_only_administrators_change_the_pairing_of_another_user(): void
    {
        $this->signIn('editor');
        $this->request('PUT', 'pairing', $this->pairing());
        $this->signIn('author');
        $other = $this->pairing(['key' => self::OTHER_KEY]);
        $this->assertError(403, 'igny8_paired_by_another', $this->request('PUT', 'pairing', $other));
        $this->assertError(403, 'igny8_paired_by_another', $this->request('DELETE', 'pairing'));
        $this->signIn('administrator');
        $this->assertSame(200, $this->request('PUT', 'pairing', $other)->get_status());
    }

    public function test_refuses_to_pair_with_another_site_without_replace(): void
    {
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing());
        $other = $this->pairing(['site_id' => 8, 'key' => self::OTHER_KEY]);
        $this->assertError(409, 'igny8_paired_already', $this->request('PUT', 'pairing', $other));
        $this->assertSame([self::KEY], Pairing::keys());
        $this->assertSame(200, $this->request('PUT', 'pairing', $other + ['replace' => true])->get_status());
        $this->assertSame([self::OTHER_KEY], Pairing::keys(), 'The key of the replaced site is no longer valid.');
    }

    /** @dataProvider invalid */
    public function test_refuses_invalid_values(array $changes): void
    {
        $this->signIn('author');
        $this->assertError(400, 'rest_invalid_param', $this->request('PUT', 'pairing', $this->pairing($changes)));
        $this->assertNull(Pairing::get());
    }

    public function invalid(): array
    {
        return [
            'an invalid key' => [['key' => 'secret']],
            'a key that is too short' => [['key' => 'whsec_' . base64_encode('short')]],
            'a key that is not a string' => [['key' => ['whsec_']]],
            'an invalid URL' => [['events_url' => 'javascript:alert(1)']],
            'an invalid site ID' => [['site_id' => 0]],
            'an overlap that is too long' => [['overlap' => 99999999]],
        ];
    }

    public function test_refuses_missing_values(): void
    {
        $this->signIn('author');
        $this->assertError(400, 'rest_missing_callback_param', $this->request('PUT', 'pairing', []));
    }

    public function test_deletes_the_pairing_and_the_pause(): void
    {
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing());
        update_option(EventsController::PAUSE_OPTION, 'The site is down.');
        $this->assertSame(200, $this->request('DELETE', 'pairing')->get_status());
        $this->assertSame([], Pairing::keys());
        $this->assertFalse(get_option(EventsController::PAUSE_OPTION));
    }

    public function test_does_not_apply_the_pairing_to_a_copy_of_the_site(): void
    {
        $this->signIn('author');
        $this->request('PUT', 'pairing', $this->pairing());
        foreach (['http://EXAMPLE.test/blog', 'https://www.example.test/blog/'] as $same) {
            $this->moveTo($same);
            $this->request('PUT', 'pairing', $this->pairing());
            $this->moveTo('https://example.test/blog');
            $this->assertSame([self::KEY], Pairing::keys());
            $this->assertNull(Pairing::other_home());
        }
        foreach (['https://staging.example.test/blog', 'https://example.test/other'] as $copy) {
            $this->moveTo($copy);
            $this->assertSame([], Pairing::keys());
            $this->assertSame('example.test/blog', Pairing::other_home());
            $this->assertFalse($this->request('GET', 'status')->get_data()['pairing']['paired']);
        }
        $this->assertSame(200, $this->request('PUT', 'pairing', $this->pairing())->get_status());
        $this->assertSame([self::KEY], Pairing::keys());
    }

    public function test_supports_no_other_methods(): void
    {
        $this->signIn('author');
        $this->assertError(404, 'rest_no_route', $this->request('GET', 'pairing'));
    }
}
