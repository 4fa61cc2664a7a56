<?php
/**
 * What this site shares with the service.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Pairing;

use Igny8\Bridge\Events\EventsController;

/**
 * The keys and the address that the service set. A key that was replaced stays good for as long as the
 * service asked, so that what is on its way at that moment still verifies.
 */
final class Pairing {

	const OPTION      = 'igny8_bridge_pairing';
	const MAX_OVERLAP = 7 * DAY_IN_SECONDS;

	/**
	 * What is stored, or null for a site that is not paired, or that is a copy of the one that is.
	 *
	 * @return array{site_id:int,events_url:string,keys:array<int,array{key:string,until:int}>,since?:int,user_id:int,paired_at:int,home:string}|null
	 */
	public static function get(): ?array {
		$pairing = get_option( self::OPTION );
		return is_array( $pairing ) && self::home() === $pairing['home'] ? $pairing : null;
	}

	/**
	 * The address that was paired, where this site has another: it is a copy, or has moved.
	 */
	public static function other_home(): ?string {
		$pairing = get_option( self::OPTION );
		return is_array( $pairing ) && self::home() !== $pairing['home'] ? $pairing['home'] : null;
	}

	/**
	 * The site's address, the same with TLS or without, and with www or without.
	 */
	private static function home(): string {
		return untrailingslashit( (string) preg_replace( '#^https?://(www\.)?#', '', strtolower( (string) get_option( 'home' ) ) ) );
	}

	/**
	 * Pairs, or puts a new key before the present one.
	 *
	 * @param int    $site_id    The site's id in the service.
	 * @param string $events_url Where the service takes this site's events.
	 * @param string $key        A whsec_ key.
	 * @param int    $overlap    Seconds for which the present key stays good.
	 * @param int    $since      When the service made the key, in milliseconds since 1970.
	 */
	public static function set( int $site_id, string $events_url, string $key, int $overlap, int $since ): void {
		$present = self::get();
		$is_same = $present && $present['site_id'] === $site_id;
		$keys    = array(
			array(
				'key'   => $key,
				'until' => 0,
			),
		);
		$until   = time() + min( $overlap, self::MAX_OVERLAP );
		foreach ( $is_same ? $present['keys'] : array() as $old ) {
			$old['until'] = 0 === $old['until'] ? $until : $old['until'];
			if ( $old['key'] !== $key && $old['until'] > time() ) {
				$keys[] = $old;
			}
		}
		update_option(
			self::OPTION,
			array(
				'site_id'    => $site_id,
				'events_url' => $events_url,
				'keys'       => $keys,
				'since'      => $since,
				'user_id'    => get_current_user_id(),
				'paired_at'  => $is_same ? $present['paired_at'] : time(),
				'home'       => self::home(),
			),
			false
		);
	}

	/**
	 * Forgets the keys and the address, and that the service paused.
	 */
	public static function forget(): void {
		delete_option( self::OPTION );
		delete_option( EventsController::PAUSE_OPTION );
		delete_option( EventsController::PAUSE_TOLD_OPTION );
	}

	/**
	 * The keys that are good now, the newest first; what is sent is signed with that one.
	 *
	 * @return string[]
	 */
	public static function keys(): array {
		$pairing = self::get();
		$good    = array_filter(
			$pairing ? $pairing['keys'] : array(),
			static function ( array $key ): bool {
				return 0 === $key['until'] || $key['until'] > time();
			}
		);
		return array_values( array_column( $good, 'key' ) );
	}

	/**
	 * When the last replaced key ends, in seconds since 1970, or null when there is none.
	 */
	public static function previous_until(): ?int {
		$pairing = self::get();
		$until   = max( array_merge( array( 0 ), array_column( $pairing ? $pairing['keys'] : array(), 'until' ) ) );
		return $until > time() ? $until : null;
	}
}
