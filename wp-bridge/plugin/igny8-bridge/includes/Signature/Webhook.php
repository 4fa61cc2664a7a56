<?php
/**
 * Standard Webhooks signatures, symmetric (v1).
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Signature;

/**
 * Signs and verifies webhooks as specified in https://github.com/standard-webhooks/standard-webhooks
 */
final class Webhook {

	/** Maximum difference between a timestamp and the clock of this server, in seconds. */
	const TOLERANCE = 300;

	/**
	 * Decodes a whsec_ key. Returns null for an invalid key.
	 *
	 * @param string $key The encoded key.
	 */
	public static function bytes_of( string $key ): ?string {
		if ( 0 !== strpos( $key, 'whsec_' ) ) {
			return null;
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- required by the specification.
		$bytes = base64_decode( substr( $key, 6 ), true );
		return false !== $bytes && strlen( $bytes ) >= 24 && strlen( $bytes ) <= 64 ? $bytes : null;
	}

	/**
	 * Returns the value of the webhook-signature header.
	 *
	 * @param string $key  A whsec_ key.
	 * @param string $id   The webhook-id header.
	 * @param int    $time Unix timestamp, sent as the webhook-timestamp header.
	 * @param string $body The raw request body.
	 */
	public static function sign( string $key, string $id, int $time, string $body ): string {
		$digest = hash_hmac( 'sha256', "$id.$time.$body", (string) self::bytes_of( $key ), true );
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- required by the specification.
		return 'v1,' . base64_encode( $digest );
	}

	/**
	 * Checks the timestamp, and that one of the keys made one of the signatures.
	 *
	 * @param string[] $keys       The valid whsec_ keys.
	 * @param string   $id         The webhook-id header.
	 * @param string   $timestamp  The webhook-timestamp header.
	 * @param string   $signatures The webhook-signature header: one or more signatures separated by spaces.
	 * @param string   $body       The raw request body.
	 * @param int|null $now        Unix timestamp to compare with instead of the current time.
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
