<?php
/**
 * Pairing of this site with igny8.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Pairing;

use Igny8\Bridge\Events\EventsController;

/**
 * Stores the webhook keys and the events URL that igny8 sets. A replaced key stays valid for the overlap that
 * igny8 requests, so that webhooks in flight still verify.
 */
final class Pairing {

	const OPTION      = 'igny8_bridge_pairing';
	const MAX_OVERLAP = 7 * DAY_IN_SECONDS;

	/**
	 * Returns the pairing, or null if this site is not paired or is a copy of the paired site.
	 *
	 * @return array{site_id:int,events_url:string,keys:array<int,array{key:string,until:int}>,since?:int,user_id:int,paired_at:int,home:string}|null
	 */
	public static function get(): ?array {
		$pairing = get_option( self::OPTION );
		return is_array( $pairing ) && self::home() === $pairing['home'] ? $pairing : null;
	}

	/**
	 * Returns the address of the paired site if this site has a different one, because it is a copy or has
	 * moved. Otherwise null.
	 */
	public static function other_home(): ?string {
		$pairing = get_option( self::OPTION );
		return is_array( $pairing ) && self::home() !== $pairing['home'] ? $pairing['home'] : null;
	}

	/**
	 * Returns the address of this site without scheme and without www.
	 */
	private static function home(): string {
		return untrailingslashit( (string) preg_replace( '#^https?://(www\.)?#', '', strtolower( (string) get_option( 'home' ) ) ) );
	}

	/**
	 * Stores a pairing. If the site is already paired with the same igny8 site, adds the key as the newest one.
	 *
	 * @param int    $site_id    ID of the site in igny8.
	 * @param string $events_url URL to send the events of this site to.
	 * @param string $key        A whsec_ key.
	 * @param int    $overlap    Seconds for which the current key stays valid.
	 * @param int    $since      When igny8 created the key, in milliseconds since the Unix epoch.
	 */
	public static function set( int $site_id, string $events_url, string $key, int $overlap, int $since ): void {
		$current = self::get();
		$is_same = $current && $current['site_id'] === $site_id;
		$keys    = array(
			array(
				'key'   => $key,
				'until' => 0,
			),
		);
		$until   = time() + min( $overlap, self::MAX_OVERLAP );
		foreach ( $is_same ? $current['keys'] : array() as $old ) {
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
				'paired_at'  => $is_same ? $current['paired_at'] : time(),
				'home'       => self::home(),
			),
			false
		);
	}

	/**
	 * Deletes the pairing and the pause state.
	 */
	public static function forget(): void {
		delete_option( self::OPTION );
		delete_option( EventsController::PAUSE_OPTION );
		delete_option( EventsController::PAUSE_CHANGED_OPTION );
	}

	/**
	 * Returns the valid keys, the newest first. Outgoing requests are signed with the newest key.
	 *
	 * @return string[]
	 */
	public static function keys(): array {
		$pairing = self::get();
		$valid   = array_filter(
			$pairing ? $pairing['keys'] : array(),
			static function ( array $key ): bool {
				return 0 === $key['until'] || $key['until'] > time();
			}
		);
		return array_values( array_column( $valid, 'key' ) );
	}

	/**
	 * Returns when the last replaced key expires, as a Unix timestamp, or null if there is none.
	 */
	public static function previous_until(): ?int {
		$pairing = self::get();
		$until   = max( array_merge( array( 0 ), array_column( $pairing ? $pairing['keys'] : array(), 'until' ) ) );
		return $until > time() ? $until : null;
	}
}
