<?php
/**
 * Standard Webhooks, symmetric signatures (v1).
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Signature;

/**
 * Signs and verifies. The specification: https://github.com/standard-webhooks/standard-webhooks
 */
final class Webhook {

	/** How far the clocks may be apart, in seconds. */
	const TOLERANCE = 300;

	/**
	 * The bytes of a whsec_ key, or null for what is none.
	 *
	 * @param string $key As it is stored.
	 */
	public static function bytes_of( string $key ): ?string {
		if ( 0 !== strpos( $key, 'whsec_' ) ) {
			return null;
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- the specification's encoding.
		$bytes = base64_decode( substr( $key, 6 ), true );
		return false !== $bytes && strlen( $bytes ) >= 24 && strlen( $bytes ) <= 64 ? $bytes : null;
	}

	/**
	 * The value of webhook-signature.
	 *
	 * @param string $key  A whsec_ key.
	 * @param string $id   The value of webhook-id.
	 * @param int    $time Seconds since 1970, the value of webhook-timestamp.
	 * @param string $body The body, byte for byte.
	 */
	public static function sign( string $key, string $id, int $time, string $body ): string {
		$digest = hash_hmac( 'sha256', "$id.$time.$body", (string) self::bytes_of( $key ), true );
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- the specification's encoding.
		return 'v1,' . base64_encode( $digest );
	}

	/**
	 * Whether one of the keys signed this, and not long ago.
	 *
	 * @param string[] $keys       The whsec_ keys that are good now.
	 * @param string   $id         The value of webhook-id.
	 * @param string   $timestamp  The value of webhook-timestamp.
	 * @param string   $signatures The value of webhook-signature: one or more, with spaces between.
	 * @param string   $body       The body, byte for byte.
	 * @param int|null $now        Seconds since 1970.
	 */
	public static function verify( array $keys, string $id, string $timestamp, string $signatures, string $body, ?int $now = null ): bool {
		$now = null === $now ? time() : $now;
		if ( '' === $id || strlen( $id ) > 191 || ! preg_match( '/^\d{1,12}$/D', $timestamp ) || abs( $now - (int) $timestamp ) > self::TOLERANCE ) {
			return false;
		}
		$is_good = false;
		foreach ( $keys as $key ) {
			$wanted = self::sign( $key, $id, (int) $timestamp, $body );
			foreach ( explode( ' ', $signatures ) as $signature ) {
				$is_good = hash_equals( $wanted, $signature ) || $is_good;
			}
		}
		return $is_good;
	}
}
