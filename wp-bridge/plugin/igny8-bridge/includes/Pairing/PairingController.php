<?php
/**
 * PUT and DELETE igny8/v1/pairing.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Pairing;

use Igny8\Bridge\Plugin;
use Igny8\Bridge\Signature\Webhook;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

/**
 * Sets what this site shares with the service, over the link that its user approved.
 */
final class PairingController {

	/**
	 * Registers the route.
	 */
	public function register_routes(): void {
		register_rest_route(
			Plugin::REST_NAMESPACE,
			'/pairing',
			array(
				array(
					'methods'             => 'PUT',
					'callback'            => array( $this, 'pair' ),
					'permission_callback' => array( $this, 'may_pair' ),
					'args'                => $this->arguments(),
				),
				array(
					'methods'             => WP_REST_Server::DELETABLE,
					'callback'            => array( $this, 'unpair' ),
					'permission_callback' => array( $this, 'may_pair' ),
				),
			)
		);
	}

	/**
	 * Who may publish posts may pair; a pairing of another user's is for administrators alone.
	 *
	 * @return true|WP_Error
	 */
	public function may_pair() {
		if ( ! current_user_can( 'publish_posts' ) ) {
			return new WP_Error(
				'igny8_cannot_pair',
				__( 'Sorry, you are not allowed to pair this site with igny8.', 'igny8-bridge' ),
				array( 'status' => rest_authorization_required_code() )
			);
		}
		$pairing = Pairing::get();
		if ( $pairing && get_current_user_id() !== $pairing['user_id'] && ! current_user_can( 'manage_options' ) && get_userdata( $pairing['user_id'] ) ) {
			return new WP_Error(
				'igny8_paired_by_another',
				__( 'This site was paired by another user: they or an administrator may change that.', 'igny8-bridge' ),
				array( 'status' => 403 )
			);
		}
		return true;
	}

	/**
	 * Pairs, or rotates the key.
	 *
	 * @param WP_REST_Request $request With the arguments below.
	 * @return WP_REST_Response|WP_Error
	 */
	public function pair( WP_REST_Request $request ) {
		$pairing = Pairing::get();
		if ( $pairing && $pairing['site_id'] !== $request['site_id'] && ! $request['replace'] ) {
			return new WP_Error(
				'igny8_paired_already',
				__( 'This site is paired with another site of igny8.', 'igny8-bridge' ),
				array( 'status' => 409 )
			);
		}
		if ( $pairing && $pairing['site_id'] === $request['site_id'] && $request['since'] < ( $pairing['since'] ?? 0 ) ) {
			return new WP_Error(
				'igny8_newer_key',
				__( 'This site has a newer key already.', 'igny8-bridge' ),
				array( 'status' => 409 )
			);
		}
		Pairing::set( $request['site_id'], $request['events_url'], $request['key'], $request['overlap'], $request['since'] );
		return new WP_REST_Response(
			array(
				'site_id'             => $request['site_id'],
				'previous_good_until' => self::iso( Pairing::previous_until() ),
			)
		);
	}

	/**
	 * Forgets the pairing.
	 */
	public function unpair(): WP_REST_Response {
		Pairing::forget();
		return new WP_REST_Response( array( 'paired' => false ) );
	}

	/**
	 * A time as the API tells it.
	 *
	 * @param int|null $time Seconds since 1970.
	 */
	private static function iso( ?int $time ): ?string {
		return null === $time ? null : gmdate( 'Y-m-d\TH:i:s\Z', $time );
	}

	/**
	 * The arguments of PUT.
	 */
	private function arguments(): array {
		return array(
			'site_id'    => array(
				'type'     => 'integer',
				'minimum'  => 1,
				'required' => true,
			),
			'events_url' => array(
				'type'              => 'string',
				'format'            => 'uri',
				'maxLength'         => 500,
				'required'          => true,
				'validate_callback' => array( $this, 'check_address' ),
			),
			'key'        => array(
				'type'              => 'string',
				'required'          => true,
				'validate_callback' => array( $this, 'check_key' ),
			),
			'overlap'    => array(
				'description' => 'Seconds for which the key that is replaced stays good.',
				'type'        => 'integer',
				'minimum'     => 0,
				'maximum'     => Pairing::MAX_OVERLAP,
				'default'     => DAY_IN_SECONDS,
			),
			'since'      => array(
				'description' => 'When the key was made, in milliseconds since 1970: an older one does not replace a newer one.',
				'type'        => 'integer',
				'minimum'     => 0,
				'default'     => 0,
			),
			'replace'    => array(
				'description' => 'Whether a pairing with another site of the service is given up.',
				'type'        => 'boolean',
				'default'     => false,
			),
		);
	}

	/**
	 * Only addresses that WordPress itself would call.
	 *
	 * @param mixed           $value   As it was sent.
	 * @param WP_REST_Request $request The request.
	 * @param string          $name    The argument's name.
	 * @return true|WP_Error
	 */
	public function check_address( $value, WP_REST_Request $request, string $name ) {
		$valid = rest_validate_request_arg( $value, $request, $name );
		if ( true !== $valid ) {
			return $valid;
		}
		return wp_http_validate_url( $value ) ? true : new WP_Error( 'rest_invalid_param', __( 'WordPress does not call this address.', 'igny8-bridge' ) );
	}

	/**
	 * A key of 24 to 64 bytes.
	 *
	 * @param mixed $value As it was sent.
	 * @return true|WP_Error
	 */
	public function check_key( $value ) {
		if ( is_string( $value ) && null !== Webhook::bytes_of( $value ) ) {
			return true;
		}
		return new WP_Error( 'rest_invalid_param', __( 'Not a key: whsec_ and the base64 of 24 to 64 bytes.', 'igny8-bridge' ) );
	}
}
