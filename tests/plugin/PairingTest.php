<?php
use Igny8\Bridge\Events\EventsController;
use Igny8\Bridge\Pairing\Pairing;

final class PairingTest extends BridgeTestCase
{
    public function test_pairs_for_a_user_who_may_write(): void
    {
        $this->signIn('author');
        $answer = $this->ask('PUT', 'pairing', $this->pairing());
        $this->assertSame(200, $answer->get_status());
        $this->assertSame(['site_id' => 7, 'previous_good_until' => null], $answer->get_data());
        $this->assertSame([self::KEY], Pairing::keys());
    }

    public function test_keeps_the_replaced_key_for_as_long_as_was_asked(): void
    {
        $this->signIn('author');
        $this->ask('PUT', 'pairing', $this->pairing());
        $answer = $this->ask('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY, 'overlap' => 60]));
        $until = strtotime($answer->get_data()['previous_good_until']);
        $this->assertEqualsWithDelta(time() + 60, $until, 5);
        $this->assertSame([self::OTHER_KEY, self::KEY], Pairing::keys());
        $this->ask('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY, 'overlap' => 600]));
        $this->assertSame($until, Pairing::previous_until(), 'the same key again prolongs nothing');
    }

    public function test_ends_the_replaced_key_at_once_without_an_overlap(): void
    {
        $this->signIn('author');
        $this->ask('PUT', 'pairing', $this->pairing());
        $this->ask('PUT', 'pairing', $this->pairing(['key' => self::OTHER_KEY, 'overlap' => 0]));
        $this->assertSame([self::OTHER_KEY], Pairing::keys());
    }

    public function test_refuses_who_is_not_signed_in(): void
    {
        $this->assertRefused(401, 'igny8_cannot_pair', $this->ask('PUT', 'pairing', $this->pairing()));
        $this->assertRefused(401, 'igny8_cannot_pair', $this->ask('DELETE', 'pairing'));
    }

    public function test_refuses_who_may_not_write(): void
    {
        $this->signIn('subscriber');
        $this->assertRefused(403, 'igny8_cannot_pair', $this->ask('PUT', 'pairing', $this->pairing()));
        $this->assertRefused(403, 'igny8_cannot_pair', $this->ask('DELETE', 'pairing'));
        $this->signIn('contributor');
        $this->assertRefused(403, 'igny8_cannot_pair', $this->ask('PUT', 'pairing', $this->pairing()));
        $this->assertRefused(403, 'igny8_cannot_pair', $this->ask('DELETE', 'pairing'));
        $this->assertNull(Pairing::get());
    }

    public function test_does_not_put_an_older_key_over_a_newer_one(): void
    {
        $this->signIn('author');
        $this->ask('PUT', 'pairing', $this->pairing(['since' => 1700000000002]));
        $late = $this->pairing(['key' => self::OTHER_KEY, 'since' => 1700000000001]);
        $this->assertRefused(409, 'igny8_newer_key', $this->ask('PUT', 'pairing', $late));
        $this->assertSame([self::KEY], Pairing::keys());
        $this->assertSame(200, $this->ask('PUT', 'pairing', $this->pairing(['since' => 1700000000002]))->get_status());
    }

    public function test_refuses_to_change_another_users_pairing_but_for_administrators(): void
    {
        $this->signIn('editor');
        $this->ask('PUT', 'pairing', $this->pairing());
        $this->signIn('author');
        $other = $this->pairing(['key' => self::OTHER_KEY]);
        $this->assertRefused(403, 'igny8_paired_by_another', $this->ask('PUT', 'pairing', $other));
        $this->assertRefused(403, 'igny8_paired_by_another', $this->ask('DELETE', 'pairing'));
        $this->signIn('administrator');
        $this->assertSame(200, $this->ask('PUT', 'pairing', $other)->get_status());
    }

    public function test_refuses_another_site_of_the_service_unless_it_is_to_replace(): void
    {
        $this->signIn('author');
        $this->ask('PUT', 'pairing', $this->pairing());
        $other = $this->pairing(['site_id' => 8, 'key' => self::OTHER_KEY]);
        $this->assertRefused(409, 'igny8_paired_already', $this->ask('PUT', 'pairing', $other));
        $this->assertSame([self::KEY], Pairing::keys());
        $this->assertSame(200, $this->ask('PUT', 'pairing', $other + ['replace' => true])->get_status());
        $this->assertSame([self::OTHER_KEY], Pairing::keys(), 'a key of another site is good no more');
    }

    /** @dataProvider malformed */
    public function test_refuses_malformed_values(array $changes): void
    {
        $this->signIn('author');
        $this->assertRefused(400, 'rest_invalid_param', $this->ask('PUT', 'pairing', $this->pairing($changes)));
        $this->assertNull(Pairing::get());
    }

    public function malformed(): array
    {
        return [
            'no key' => [['key' => 'secret']],
            'a key too short' => [['key' => 'whsec_' . base64_encode('short')]],
            'a key that is no text' => [['key' => ['whsec_']]],
            'no address' => [['events_url' => 'javascript:alert(1)']],
            'no site' => [['site_id' => 0]],
            'an overlap of years' => [['overlap' => 99999999]],
        ];
    }

    public function test_refuses_what_is_missing(): void
    {
        $this->signIn('author');
        $this->assertRefused(400, 'rest_missing_callback_param', $this->ask('PUT', 'pairing', []));
    }

    public function test_forgets_the_pairing(): void
    {
        $this->signIn('author');
        $this->ask('PUT', 'pairing', $this->pairing());
        update_option(EventsController::PAUSE_OPTION, array('reason' => 'It is down.'));
        $this->assertSame(200, $this->ask('DELETE', 'pairing')->get_status());
        $this->assertSame([], Pairing::keys());
        $this->assertFalse(get_option(EventsController::PAUSE_OPTION));
    }

    public function test_is_of_this_site_and_of_no_copy_of_it(): void
    {
        $this->signIn('author');
        $this->ask('PUT', 'pairing', $this->pairing());
        foreach (['http://EXAMPLE.test/blog', 'https://www.example.test/blog/'] as $same) {
            $this->moveTo($same);
            $this->ask('PUT', 'pairing', $this->pairing());
            $this->moveTo('https://example.test/blog');
            $this->assertSame([self::KEY], Pairing::keys());
            $this->assertNull(Pairing::other_home());
        }
        foreach (['https://staging.example.test/blog', 'https://example.test/other'] as $copy) {
            $this->moveTo($copy);
            $this->assertSame([], Pairing::keys());
            $this->assertSame('example.test/blog', Pairing::other_home());
            $this->assertFalse($this->ask('GET', 'status')->get_data()['pairing']['paired']);
        }
        $this->assertSame(200, $this->ask('PUT', 'pairing', $this->pairing())->get_status());
        $this->assertSame([self::KEY], Pairing::keys());
    }

    public function test_has_no_other_methods(): void
    {
        $this->signIn('author');
        $this->assertRefused(404, 'rest_no_route', $this->ask('GET', 'pairing'));
    }
}
